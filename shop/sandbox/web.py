"""What all pages of the sandbox share: language, headers, the refusal of foreign forms."""

from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, abort, g, render_template, request

from .core import Sandbox
from .currencies import display
from .phrases import Language, language_of, phrase


def render(
    sandbox: Sandbox,
    template: str,
    *,
    language: Language | None = None,
    status: int = 200,
    form_targets: tuple[str, ...] = (),
    **values: Any,
) -> Response:
    """Return a page.

    `form_targets` are addresses that its form may lead on to; the content policy names their
    origins, because browsers hold a redirect after a form to the same rule as the form.
    """
    spoken = language or language_of(request.accept_languages.best_match(("en", "zh")))
    g.form_origins = [_origin(target) for target in form_targets]
    page = render_template(
        template,
        t=lambda text, **facts: phrase(spoken, text, **facts),
        language=spoken,
        money=display,
        brand=sandbox.settings.brand_name,
        **values,
    )
    return Response(page, status, mimetype="text/html")


def harden(app: Flask, sandbox: Sandbox) -> None:
    """Give every answer its headers, and take forms from the sandbox's own pages only."""

    @app.before_request
    def refuse_foreign_forms() -> None:
        if request.method == "POST" and not request.path.startswith("/v1") and _is_foreign():
            abort(403)

    @app.after_request
    def add_headers(response: Response) -> Response:
        if response.mimetype == "text/html":
            targets = " ".join(["'self'", *g.get("form_origins", [])])
            response.headers["Content-Security-Policy"] = (
                "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
                f"form-action {targets}; frame-ancestors 'none'"
            )
            response.headers["Referrer-Policy"] = "same-origin"
            response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def _is_foreign() -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin is not None and urlsplit(origin).netloc != request.host


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
