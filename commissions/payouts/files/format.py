"""What a file is made of and what a format has to offer. A host may bring formats of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Where one payout goes, opened by the host for the moment of writing."""

    holder: str
    number: str
    """Account number or IBAN; a customer's or personnel number on rails without a bank."""
    bank: str = ""
    code: str = ""
    """BIC, or the bank's number in its clearing system; may be empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One approved payout, as its approval has it. Amounts in minor units."""

    reference: str
    """Unique, and on the bank's statement."""
    payee_key: str
    account: Account
    gross_amount: int
    fee_amount: int
    withheld_amount: int
    net_amount: int
    """What is sent."""
    purpose: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What all rows of a file have in common."""

    batch_id: int
    rail: str
    currency: str
    at: datetime


class FileFormat(Protocol):
    """A way to write a file. The same head and rows give the same bytes."""

    @property
    def key(self) -> str:
        """Names the format in the books."""

    @property
    def suffix(self) -> str:
        """Of the file's name, without a dot."""

    @property
    def mimetype(self) -> str: ...

    def write(self, head: Head, rows: Sequence[Row]) -> bytes:
        """The whole file."""
