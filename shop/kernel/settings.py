"""Infrastructure settings from the environment, checked when the application starts.

Facts about the brand (name, currency, tax, windows) are a row in the database, not a setting.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from shop.kernel.errors import BadSetting

T = TypeVar("T")

_DEMO_SECRET = "demo-secret-for-this-machine-only"  # noqa: S105  (refused outside the demo)
_SANDBOX_KEY = "sk_test_sandbox"
_SANDBOX_WEBHOOK_SECRET = "whsec_sandbox"  # noqa: S105  (the stand-in's, worth nothing)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings; `docs/configuration.md` documents each one."""

    data_dir: Path
    database_url: str
    migration_database_url: str
    jobs_url: str
    secret_key: str
    secret_key_fallbacks: tuple[str, ...]
    public_url: str
    """Origin that customers see, without a slash at the end."""
    trusted_proxies: int
    demo: bool
    """Ready sign-ins and the mailbox page; allowed only against the sandbox."""
    stripe_secret_key: str
    stripe_webhook_secret: str
    stripe_api_base: str
    """Where the SDK talks to; the stand-in's origin, or empty for Stripe itself."""
    sandbox_public_url: str
    smtp_url: str
    log_format: str
    pooled: bool
    testing: bool

    @property
    def uses_sandbox(self) -> bool:
        return bool(self.stripe_api_base)

    @property
    def secure_cookies(self) -> bool:
        return self.public_url.startswith("https://")

    @property
    def trusted_host(self) -> str:
        return urlsplit(self.public_url).netloc


def from_environment(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read and check all settings.

    Raises BadSetting with a sentence that says what to do.
    """
    demo = _flag(environ, "GRIDSHOP_DEMO")
    data_dir = Path(environ.get("DATA_DIR", "var")).absolute()
    database_url = environ.get("DATABASE_URL") or f"sqlite:///{data_dir / 'shop.sqlite'}"
    api_base = _origin(environ, "STRIPE_API_BASE", "http://127.0.0.1:8001" if demo else "")
    settings = Settings(
        data_dir=data_dir,
        database_url=_postgres_driver(database_url),
        migration_database_url=_postgres_driver(
            environ.get("MIGRATION_DATABASE_URL") or database_url
        ),
        jobs_url=environ.get("JOBS_URL") or f"sqlite:///{data_dir / 'jobs.sqlite'}",
        secret_key=environ.get("SECRET_KEY") or (_DEMO_SECRET if demo else ""),
        secret_key_fallbacks=tuple(environ.get("SECRET_KEY_FALLBACKS", "").split()),
        public_url=_origin(environ, "PUBLIC_URL", "http://127.0.0.1:8000"),
        trusted_proxies=_whole(environ, "TRUSTED_PROXIES", 0),
        demo=demo,
        stripe_secret_key=environ.get("STRIPE_SECRET_KEY") or (_SANDBOX_KEY if demo else ""),
        stripe_webhook_secret=environ.get("STRIPE_WEBHOOK_SECRET")
        or (_SANDBOX_WEBHOOK_SECRET if demo else ""),
        stripe_api_base=api_base,
        sandbox_public_url=_origin(environ, "SANDBOX_PUBLIC_URL", api_base),
        smtp_url=environ.get("SMTP_URL", ""),
        log_format=_choice(environ, "LOG_FORMAT", ("json", "text"), "text" if demo else "json"),
        pooled=_flag(environ, "DATABASE_POOLED"),
        testing=_flag(environ, "GRIDSHOP_TESTING"),
    )
    check(settings)
    return settings


def check(settings: Settings) -> None:
    """Refuse combinations that are unsafe.

    Raises BadSetting.
    """
    live = settings.stripe_secret_key.startswith(("sk_live", "rk_live"))
    rules: tuple[tuple[bool, str, str], ...] = (
        (not settings.secret_key, "SECRET_KEY", "is not set; set it to 32 or more random bytes."),
        (
            settings.secret_key == _DEMO_SECRET and not settings.uses_sandbox,
            "SECRET_KEY",
            "is the demo's; set your own before you take real money.",
        ),
        (
            not settings.stripe_secret_key,
            "STRIPE_SECRET_KEY",
            "is not set; take it from the Stripe dashboard, or set GRIDSHOP_DEMO=1 for the demo.",
        ),
        (
            not settings.stripe_webhook_secret,
            "STRIPE_WEBHOOK_SECRET",
            "is not set; an empty secret would accept forged events.",
        ),
        (
            live and settings.uses_sandbox,
            "STRIPE_API_BASE",
            "points to the sandbox while STRIPE_SECRET_KEY is a live key; remove one of the two.",
        ),
        (
            settings.demo and not settings.uses_sandbox,
            "GRIDSHOP_DEMO",
            "runs only against the sandbox; set STRIPE_API_BASE to the sandbox's address.",
        ),
        (
            not settings.database_url.startswith(("sqlite:", "postgresql+psycopg:")),
            "DATABASE_URL",
            "must begin with sqlite: or postgresql:.",
        ),
    )
    for broken, name, sentence in rules:
        if broken:
            raise BadSetting(name, sentence)


def _flag(environ: Mapping[str, str], name: str) -> bool:
    return _choice(environ, name, ("", "0", "1"), "") == "1"


def _choice(environ: Mapping[str, str], name: str, allowed: tuple[str, ...], default: str) -> str:
    value = environ.get(name, default)
    if value not in allowed:
        raise BadSetting(name, f"is {value!r}; use one of {', '.join(filter(None, allowed))}.")
    return value


def _whole(environ: Mapping[str, str], name: str, default: int) -> int:
    return _parsed(environ, name, str(default), int, "must be a whole number, 0 or more.")


def _origin(environ: Mapping[str, str], name: str, default: str) -> str:
    def parse(text: str) -> str:
        parts = urlsplit(text)
        if text and (parts.scheme not in ("http", "https") or not parts.netloc or parts.path):
            raise ValueError
        return text

    value = environ.get(name, default).rstrip("/")
    return _parsed({name: value}, name, "", parse, "must look like https://shop.example.com.")


def _parsed(
    environ: Mapping[str, str], name: str, default: str, parse: Callable[[str], T], rule: str
) -> T:
    text = environ.get(name, default)
    try:
        value = parse(text)
    except ValueError as error:
        raise BadSetting(name, f"is {text!r}; it {rule}") from error
    if isinstance(value, int) and value < 0:
        raise BadSetting(name, f"is {text!r}; it {rule}")
    return value


def _postgres_driver(url: str) -> str:
    if url.startswith(("postgresql://", "postgres://")):
        return "postgresql+psycopg://" + url.split("://", 1)[1]
    return url
