"""Stripe's news: verified, stored, answered; a job does the rest."""

from flask import Response, current_app, jsonify, request

from shop.gateway import inbox
from shop.web import access
from shop.web.machine.routes import blueprint


@blueprint.post("/stripe/webhook")
@access.machine
def webhook() -> Response:
    """200 once the event is stored, 400 for a bad signature, 5xx only if it could not be stored."""
    secret = current_app.config["SETTINGS"].stripe_webhook_secret
    signature = request.headers.get("Stripe-Signature", "")
    stored = inbox.receive(request.get_data(), signature, secret=secret)
    answer: Response = jsonify({"received": True, "new": stored})
    return answer
