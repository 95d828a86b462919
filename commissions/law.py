"""What the law of a place lets a plan do: numbers and requirements as data, with their source. Pure.

What is forbidden everywhere has no field here, so that no profile can open it: no fee to join, no pay
for recruiting, no count of heads, nobody above the one who manages the seller under contract.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from commissions.arithmetic import FULL_BPS


class Requirement(StrEnum):
    """What a plan has to state before anyone publishes it."""

    APPROVER = "approver"
    """Whoever publishes it is known by name."""
    COMPLAINTS = "complaints"
    """Where points complain, and who answers."""
    REFUNDS = "refunds"
    """What becomes of an earning when the buyer is refunded."""
    COOLING_OFF = "cooling_off"
    """How long a new point may step back."""
    CONTRACTS = "contracts"
    """Every rule but a seller's names the contract that its service is paid under."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalProfile:
    """The limits of one jurisdiction, as they hold from some day on."""

    key: str
    """The jurisdiction, in short."""
    name: str
    number: int = 0
    """Its version; 0 as the house ships it."""
    ceiling_bps: int = 3000
    """Largest ceiling a plan may have."""
    warning_bps: int = 3000
    """From this share of what was paid on, all roles together are worth a warning."""
    upline_allowed: bool = False
    upline_reason: str = ""
    """Why whoever manages a seller may be paid here; kept as evidence."""
    upline_service: str = ""
    """The service that it is paid for; kept as evidence."""
    requires: tuple[Requirement, ...] = tuple(Requirement)
    source: str = ""
    """Where the numbers come from."""
    reference: str = ""
    """What the host calls it; empty for one that the house ships."""

    def __post_init__(self) -> None:
        if not 0 <= self.warning_bps <= self.ceiling_bps <= FULL_BPS:
            raise ValueError("a warning comes before the ceiling, and neither is above the whole")


CHINA = LegalProfile(
    key="china",
    name="China",
    source="Regulations on Direct Selling, Art. 24: even a licensed direct "
    "seller is paid on own sales only, thirty percent at most. Regulations on Prohibition of Pyramid Selling "
    "(Order 444) Art. 7: no fee to join, no pay for recruiting, no pay for the sales of the recruited.",
)
"""What serves a brand that has chosen no other."""

WECHAT = LegalProfile(
    key="wechat",
    name="China, sold inside WeChat",
    source="The law of China, and WeChat's rules of 2015 and 2016: no pay by the sales of others; "
    "from three levels on, the developer counted, payment stops and the account is closed.",
)
DIRECT_SELLING = LegalProfile(
    key="china_direct",
    name="China, licensed direct selling",
    source="Regulations on Direct Selling, Art. 24: licensed companies only, "
    "paid on a person's own direct sales, thirty percent of them at most in all.",
)
HOUSE = {one.key: one for one in (CHINA, WECHAT, DIRECT_SELLING)}
"""The profiles that come with the engine; everything else is the brand's own to add."""
