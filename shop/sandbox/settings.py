"""Everything that can be chosen about one sandbox, checked before it starts."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from pathlib import Path

from .clock import Clock

LIVE_PREFIXES = ("sk_live", "rk_live")


class LiveKeyPresent(RuntimeError):
    """A live Stripe key is in reach; a sandbox beside real money is refused."""


@dataclass(frozen=True, kw_only=True)
class FaultRates:
    """How often things go wrong, each a probability from 0 to 1.

    The first four concern webhooks. `rate_limited` answers 429 and does nothing; `error_before`
    and `error_after` answer 500 without and with the work done; `lost_before` and `lost_after`
    break the connection without and with the work done.
    """

    duplicate: float = 0
    delay: float = 0
    drop: float = 0
    reorder: float = 0
    rate_limited: float = 0
    error_before: float = 0
    error_after: float = 0
    lost_before: float = 0
    lost_after: float = 0


@dataclass(frozen=True, kw_only=True)
class SandboxSettings:
    """One sandbox. Times are sandbox time; amounts are minor units; rates are basis points."""

    database: str | Path = ":memory:"
    secret_key: str = "sk_test_gridshop"  # noqa: S105  a stand-in's key opens nothing
    webhook_url: str | None = None
    webhook_secret: str = "whsec_gridshop_sandbox"  # noqa: S105
    previous_webhook_secret: str | None = None
    """While a secret is rolled over, each webhook carries a signature of both."""
    webhook_events: tuple[str, ...] = ("*",)
    public_url: str = "http://127.0.0.1:8001"
    brand_name: str = "Sandbox merchant"
    country: str = "HK"
    data_dir: Path | None = None
    clock: Clock | None = None
    """Takes the place of wall time plus `data_dir/clock-offset`."""
    seed: int | str | None = None
    """Decides ids and faults; without one, a random seed is drawn and kept in the database."""
    faults: FaultRates = field(default_factory=FaultRates)
    late_after: timedelta = timedelta(minutes=2)
    """After this, late payments settle or fail, planned disputes open, wallet refunds arrive."""
    settle_after: timedelta = timedelta(days=2)
    """After this, the money of a charge can be transferred."""
    webhook_delay: timedelta = timedelta(minutes=5)
    """How long a webhook is held back by the fault `delay`."""
    fee_bps: int = 340
    dispute_fee: int = 1500


def parse_fault_rates(text: str) -> FaultRates:
    """Return the rates written as `duplicate=0.1,drop=0.05`; an empty text means none.

    Raises ValueError naming the part that is no fault or no probability.
    """
    known, rates = {fault.name for fault in fields(FaultRates)}, {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, rate = part.partition("=")
        if name not in known or not 0 <= _number(rate, part) <= 1:
            raise ValueError(f"{part!r} is not one of {', '.join(sorted(known))} with a rate 0…1")
        rates[name] = float(rate)
    return FaultRates(**rates)


def _number(text: str, part: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{part!r} has no number after its '='") from None


def refuse_live_keys(settings: SandboxSettings, environ: Mapping[str, str]) -> None:
    """Raise LiveKeyPresent if the settings or any environment variable hold a live key."""
    if settings.secret_key.startswith(LIVE_PREFIXES):
        raise LiveKeyPresent("The sandbox was given a live Stripe key. Give it an sk_test_ key.")
    for name, value in environ.items():
        if value.strip().startswith(LIVE_PREFIXES):
            raise LiveKeyPresent(
                f"{name} holds a live Stripe key. The sandbox does not start beside real money: "
                f"unset {name}, or take payments through Stripe and leave the sandbox off."
            )
