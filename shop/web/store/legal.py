"""Legal pages, written by the brand in Markdown."""

import nh3
from flask import Response, abort, current_app
from markdown_it import MarkdownIt

from shop.kernel.i18n import _, text_of
from shop.web import access, render
from shop.web.legal_pages import PAGES
from shop.web.store.routes import blueprint

_TAGS = {"p", "h2", "h3", "ul", "ol", "li", "strong", "em", "a", "br", "blockquote"}
_markdown = MarkdownIt("js-default")


@blueprint.get("/pages/<name>")
@access.public
def legal(name: str) -> Response:
    """One page; those that the brand has not written say so."""
    if name not in PAGES:
        abort(404)
    written = text_of(render.current_brand().pages.get(name, {}))
    body = nh3.clean(_markdown.render(written), tags=_TAGS, attributes={"a": {"href"}})
    return render.page("store/legal.html", title=_(PAGES[name].msgid), body=body, shopfront=None)


@blueprint.app_context_processor
def _legal_pages() -> dict[str, object]:
    def legal_pages() -> list[tuple[str, str]]:
        return [(name, _(words.msgid)) for name, words in PAGES.items()]

    return {"legal_pages": legal_pages, "is_demo": current_app.config["SETTINGS"].demo}
