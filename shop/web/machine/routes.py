"""The machines' blueprint; no cookies, no origin: what comes in proves itself."""

from flask import Blueprint

blueprint = Blueprint("machine", __name__)
