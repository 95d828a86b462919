"""The desk's blueprint; its view modules register on it."""

from flask import Blueprint

blueprint = Blueprint("desk", __name__, url_prefix="/desk")
