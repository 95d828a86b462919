"""The composition root: reads like a table of contents."""

import uuid
from pathlib import Path
from typing import Any

from flask import Flask, g, request
from sqlalchemy import Engine
from werkzeug.middleware.proxy_fix import ProxyFix
from whitenoise import WhiteNoise

from shop import cli, wiring
from shop.kernel import brand as brands
from shop.kernel import clock, db, files, i18n, logs, nodes, signing
from shop.kernel.settings import Settings, from_environment
from shop.rewards import restores
from shop.web import access, actor, converters, errors, languages, render, security, unreadable
from shop.web import blueprints as faces

ROOT = Path(__file__).resolve().parent.parent
MAX_BODY = 24 * 1024 * 1024


def create_app(settings: Settings | None = None, *, transport: Any = None) -> Flask:
    """The whole application over the settings' database, which must be migrated.

    `transport` carries Stripe requests past the network, into a sandbox of the same process.
    """
    settings = settings or from_environment()
    app = assemble(settings)
    connect(app, settings, transport=transport)
    return app


def connect(
    app: Flask, settings: Settings, *, transport: Any = None, engine: Engine | None = None
) -> None:
    """Bind this process and an assembled application to these settings' database and gateway.

    `engine` is one to that database that is there already.
    """
    app.config["SETTINGS"] = settings
    _connect(settings, engine)
    wiring.bind(app, settings, transport=transport)


def assemble(settings: Settings) -> Flask:
    """The faces with all that stands around them, not connected to anything yet.

    Separate because it is slow: every address of the shop is compiled.
    """
    app = Flask(
        "gridshop",
        template_folder=str(ROOT / "templates"),
        static_folder=str(ROOT / "static"),
        static_url_path="/static",
        root_path=str(ROOT / "shop"),
    )
    _configure(app, settings)
    _speak(app)
    _set_up_web(app, settings)
    _wrap(app, settings)
    return app


def _configure(app: Flask, settings: Settings) -> None:
    if not settings.testing:  # the test runner shows logs in its own way
        logs.set_up(log_format=settings.log_format)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SECRET_KEY_FALLBACKS=list(settings.secret_key_fallbacks),
        SESSION_COOKIE_NAME="gs_session",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        PERMANENT_SESSION_LIFETIME=60 * 60 * 24 * 30,
        # The late answer of a background request would otherwise bring an older session back.
        SESSION_REFRESH_EACH_REQUEST=False,
        MAX_CONTENT_LENGTH=MAX_BODY,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        WTF_CSRF_ENABLED=False,
        TESTING=settings.testing,
    )


def _connect(settings: Settings, engine: Engine | None) -> None:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    clock.follow(settings.data_dir)
    files.keep_in(settings.data_dir)
    signing.use_keys(settings.secret_key, settings.secret_key_fallbacks)
    db.bind(engine or db.make_engine(settings.database_url, pooled=settings.pooled))
    wiring.assert_database(may_lose_power=settings.testing)
    nodes.lease()
    restores.keep_in(settings.data_dir)
    restores.check()


def _speak(app: Flask) -> None:
    def timezone() -> str:
        return brands.cached().timezone

    i18n.init_app(app, choose=languages.choose, timezone=timezone)


def _set_up_web(app: Flask, settings: Settings) -> None:
    app.before_request(_name_request)
    app.before_request(access.check)
    app.before_request(unreadable.refuse)
    converters.init_app(app)
    actor.login_manager.init_app(app)
    app.context_processor(
        lambda: {"actor": actor.current_actor(), "settings": app.config["SETTINGS"]}
    )
    render.init_app(app)
    errors.init_app(app)
    security.init_app(app, settings)
    for blueprint in faces.all_of(settings):
        app.register_blueprint(blueprint)
    for group in cli.groups():
        app.cli.add_command(group)


def _name_request() -> None:
    g.request_id = request.headers.get("X-Request-Id", "")[:64] or uuid.uuid4().hex
    logs.clear()
    logs.bind(request_id=g.request_id, method=request.method, path=request.path)


def _wrap(app: Flask, settings: Settings) -> None:
    # Outermost last: proxy headers first, then the language prefix, then static files.
    served = WhiteNoise(
        app.wsgi_app,
        root=str(ROOT / "static"),
        prefix="static/",
        allow_all_origins=False,
        max_age=31_536_000,
    )
    app.wsgi_app = languages.LocalePrefix(served)  # type: ignore[method-assign]
    if settings.trusted_proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app,
            x_for=settings.trusted_proxies,
            x_proto=settings.trusted_proxies,
            x_host=settings.trusted_proxies,
        )
