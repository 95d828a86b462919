"""The brand's blueprint; its view modules register on it."""

from flask import Blueprint

blueprint = Blueprint("admin", __name__, url_prefix="/admin")
