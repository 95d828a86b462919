"""Headers that every answer carries."""

from flask import Flask, Response, current_app, g, request

from shop.kernel.settings import Settings

PRIVATE = ("/orders/", "/invite/", "/pay/")
"""Pages behind a token: their address must not leak to other sites, nor into search engines."""


def init_app(app: Flask, settings: Settings) -> None:
    """Add the headers after each request."""
    payment_pages = "https://checkout.stripe.com https://connect.stripe.com"
    if settings.uses_sandbox:
        payment_pages += f" {settings.sandbox_public_url}"
    # form-action also rules the redirect after a form post, so the payment page must be in it.
    app.config["CSP"] = "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "manifest-src 'self'",
            f"form-action 'self' {payment_pages}",
            "base-uri 'none'",
            "object-src 'none'",
            "frame-ancestors 'none'",
        )
    )
    app.after_request(_add_headers)


def _add_headers(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", current_app.config["CSP"])
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
    private = request.path.startswith(PRIVATE)
    headers.setdefault(
        "Referrer-Policy", "same-origin" if private else "strict-origin-when-cross-origin"
    )
    if private:
        headers.setdefault("X-Robots-Tag", "noindex")
    if request.is_secure:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if "Cache-Control" not in headers and response.mimetype == "text/html":
        headers["Cache-Control"] = "private, no-cache"
    if request_id := g.get("request_id"):
        headers["X-Request-Id"] = request_id
    return response
