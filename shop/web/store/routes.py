"""The buyer's blueprint; its view modules register on it."""

from flask import Blueprint

blueprint = Blueprint("store", __name__)
