"""Sales as columns of integers: what the facts made of each line, whatever plan pays it. Pure.

Reading a sale from its rows takes far longer than reckoning it, and what can be read never depends
on the plan that is tried. So it is read once, packed, and every run begins from the columns.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from commissions.archive import StoredSale
from commissions.canonical import plain
from commissions.facts import Fact, Party, Sale, SaleLine
from commissions.history import Parcel, fold
from commissions.targets import line_delivered_at, parcel_delivered_at
from commissions.terms import Role

SELLERS, UPLINES, HANDERS = 1, 2, 4
"""More than one point sold, manages or handed over goods of this sale."""
NEVER = -1
"""Not delivered; no cost known."""

_START = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
_CODES = ("b", "h", "i", "q")
_BITS = {"b": 7, "h": 15, "i": 31}

Now = Mapping[tuple[int, Role, str], int]
"""Line id, role, hand-over key (empty for others) → what stands in the books, net of refunds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Everything about a line that a rule may ask for, but for its point and its amount."""

    product_key: str
    variant_key: str
    category_keys: tuple[str, ...]
    collection_keys: tuple[str, ...]
    commissionable: bool
    channel: str
    new_customer: bool
    currency: str
    has_cost: bool


Column = Sequence[int]


@dataclass(slots=True)
class Standing:
    """Sums of a deck by the books: no plan that is tried changes them, so they are made once."""

    profiles: list[list[int]]
    """For each profile: lines, base, and what all roles have earned on them."""
    parties: list[list[Any]]
    """Number of a party, currency, lines and base it sold, earned as seller, fulfiller, upline."""


@dataclass(slots=True)
class Deck:
    """Some sales. Lines of a sale stand together, so do its parcels; numbers of parties from 1."""

    profiles: list[Profile]
    parties: list[Party]
    sale_ids: Column
    first_lines: Column
    """Where each sale begins, and where the last one ends."""
    placed: Column
    """Microseconds since 1970."""
    mixed: Column
    """Whether several points have one role in the sale: SELLERS, UPLINES, HANDERS added up."""
    line_ids: Column
    profile: Column
    base: Column
    quantity: Column
    cost: Column
    seller: Column
    """Number of the party; zero for none."""
    upline: Column
    hander: Column
    """The one party that handed over goods of the sale; zero for none or several."""
    refunded: Column
    """Base given back to date, lost disputes included."""
    delivered: Column
    """When the last unit arrived that was kept."""
    seller_now: Column
    upline_now: Column
    parcel_line: Column
    parcel_party: Column
    """Zero for the brand's own warehouse."""
    parcel_part: Column
    """Which hand-over of its line, from zero."""
    parcel_first: Column
    parcel_units: Column
    parcel_base: Column
    parcel_refunded: Column
    parcel_delivered: Column
    parcel_now: Column
    standing: Standing = field(init=False)

    @property
    def sale_count(self) -> int:
        return len(self.sale_ids)

    @property
    def line_count(self) -> int:
        return len(self.line_ids)

    def parcels_of(self, at: int) -> range:
        """Numbers of the parcels of the sale of that number."""
        start = bisect_left(self.parcel_line, self.first_lines[at])
        return range(start, bisect_left(self.parcel_line, self.first_lines[at + 1], start))


_OF_PARTY = tuple(Party.__dataclass_fields__)
COLUMNS = tuple(
    name for name in Deck.__dataclass_fields__ if name not in ("profiles", "parties", "standing")
)


_OF_SALE = ("sale_ids", "placed", "mixed")
_OF_PARCEL = tuple(name for name in COLUMNS if name[:7] == "parcel_" and name != "parcel_line")
_OF_LINE = tuple(
    name for name in COLUMNS if name not in (*_OF_SALE, *_OF_PARCEL, "first_lines", "parcel_line")
)


@dataclass(slots=True)
class Packer:
    """Takes sales one by one and makes a deck of them."""

    columns: dict[str, list[int]] = field(default_factory=lambda: {name: [] for name in COLUMNS})
    profiles: dict[Profile, int] = field(default_factory=dict)
    parties: dict[Party, int] = field(default_factory=dict)

    def add(self, stored: StoredSale, facts: Iterable[Fact], now: Now) -> None:
        """Pack one sale as its facts have it now."""
        sale, history = stored.sale, fold(stored.sale, facts)
        self._put(sale_ids=stored.id, first_lines=len(self.columns["line_ids"]))
        self._put(placed=ticks(sale.placed_at))
        handers = {
            self._party(parcel.fact.by_point)
            for line in history.lines.values()
            for parcel in line.parcels
        } - {0}
        hander = max(handers) if len(handers) == 1 else 0
        self._put(
            mixed=SELLERS * (len({line.seller for line in sale.lines}) > 1)
            + UPLINES * (len({line.upline for line in sale.lines}) > 1)
            + HANDERS * (len(handers) > 1)
        )
        for line in sale.lines:
            line_id, lived = stored.line_ids[line.key], history.lines[line.key]
            for part, parcel in enumerate(lived.parcels):
                arrived = parcel_delivered_at(history, lived, parcel)
                paid = now.get((line_id, Role.FULFILLER, parcel.fact.key), 0)
                self._add_parcel(parcel, part, arrived, paid)
            self._add_line(sale, line, line_id, hander)
            arrived = line_delivered_at(history, lived)
            self._put(refunded=lived.refunded, delivered=ticks(arrived))
            self._put(seller_now=now.get((line_id, Role.SELLER, ""), 0))
            self._put(upline_now=now.get((line_id, Role.UPLINE, ""), 0))

    def deck(self) -> Deck:
        """All that was added."""
        columns = {name: shrunk(values) for name, values in self.columns.items()}
        columns["first_lines"] = shrunk([*self.columns["first_lines"], len(columns["line_ids"])])
        return _summed(Deck(profiles=list(self.profiles), parties=list(self.parties), **columns))

    def _add_line(self, sale: Sale, line: SaleLine, line_id: int, hander: int) -> None:
        self._put(
            line_ids=line_id,
            profile=self.profiles.setdefault(profile_of(sale, line), len(self.profiles)),
            base=line.base_amount,
            quantity=line.quantity,
            cost=NEVER if line.cost_amount is None else line.cost_amount,
            seller=self._party(line.seller),
            upline=self._party(line.upline),
            hander=hander,
        )

    def _add_parcel(self, parcel: Parcel, part: int, arrived: datetime | None, now: int) -> None:
        self._put(
            parcel_line=len(self.columns["line_ids"]),
            parcel_party=self._party(parcel.fact.by_point),
            parcel_part=part,
            parcel_first=parcel.first,
            parcel_units=parcel.part.units,
            parcel_base=parcel.part.base,
            parcel_refunded=parcel.part.refunded,
            parcel_delivered=ticks(arrived),
            parcel_now=now,
        )

    def _party(self, party: Party | None) -> int:
        return 0 if party is None else self.parties.setdefault(party, len(self.parties) + 1)

    def _put(self, **values: int) -> None:
        for name, value in values.items():
            self.columns[name].append(value)


def part_of(deck: Deck, placed_from: int, placed_until: int) -> Deck:
    """Only the sales that were placed in that stretch of time."""
    wanted = [at for at, placed in enumerate(deck.placed) if placed_from <= placed < placed_until]
    columns: dict[str, list[int]] = {name: [] for name in COLUMNS}
    for at in wanted:
        first, end = deck.first_lines[at], deck.first_lines[at + 1]
        shift = len(columns["line_ids"]) - first
        places = deck.parcels_of(at)
        parcels = slice(places.start, places.stop)
        columns["first_lines"].append(first + shift)
        columns["parcel_line"] += [i + shift for i in deck.parcel_line[parcels]]
        for name in _OF_SALE:
            columns[name].append(getattr(deck, name)[at])
        for name in _OF_LINE:
            columns[name] += getattr(deck, name)[first:end]
        for name in _OF_PARCEL:
            columns[name] += getattr(deck, name)[parcels]
    columns["first_lines"].append(len(columns["line_ids"]))
    arrays = {name: shrunk(values) for name, values in columns.items()}
    return _summed(Deck(profiles=deck.profiles, parties=deck.parties, **arrays))


def profile_of(sale: Sale, line: SaleLine) -> Profile:
    """What rules see of a line beside its point and its amount."""
    return Profile(
        product_key=line.product_key,
        variant_key=line.variant_key,
        category_keys=line.category_keys,
        collection_keys=line.collection_keys,
        commissionable=line.commissionable,
        channel=sale.channel,
        new_customer=sale.new_customer,
        currency=sale.currency,
        has_cost=line.cost_amount is not None,
    )


def ticks(moment: datetime | None) -> int:
    """A moment as microseconds since 1970; NEVER for none."""
    return NEVER if moment is None else (moment - _START) // _TICK


def moment(count: int) -> datetime | None:
    """The moment behind a number of microseconds."""
    return None if count == NEVER else _START + count * _TICK


def shrunk(values: Sequence[int]) -> array[int]:
    """The same numbers in the narrowest column that holds them."""
    widest = max((abs(value) for value in values), default=0).bit_length()
    code = next((code for code in _CODES[:3] if widest <= _BITS[code]), "q")
    return array(code, values)


def packed(deck: Deck) -> tuple[dict[str, Any], bytes]:
    """A deck as its names and one string of bytes, little end first on every machine."""
    columns: dict[str, array[int]] = {name: getattr(deck, name) for name in COLUMNS}
    names = {
        "profiles": [_row(one) for one in deck.profiles],
        "parties": [_row(one) for one in deck.parties],
        "standing": [deck.standing.profiles, deck.standing.parties],
        "columns": [[name, column.typecode, len(column)] for name, column in columns.items()],
    }
    return names, b"".join(map(_bytes_of, columns.values()))


def unpacked(names: Mapping[str, Any], content: bytes) -> Deck:
    """The deck that was packed."""
    columns: dict[str, array[int]] = {}
    start = 0
    for name, code, count in names["columns"]:
        column = array(code)
        end = start + count * column.itemsize
        column.frombytes(memoryview(content)[start:end])
        columns[name] = _turned(column)
        start = end
    deck = Deck(
        profiles=[_profile(row) for row in names["profiles"]],
        parties=[Party(**dict(zip(_OF_PARTY, row, strict=True))) for row in names["parties"]],
        **columns,
    )
    deck.standing = Standing(*names["standing"])
    return deck


def _summed(deck: Deck) -> Deck:
    kinds = [[0, 0, 0] for _ in deck.profiles]
    parties: dict[tuple[int, str], list[int]] = {}

    def add(number: int, kind: int, place: int, now: int) -> list[int]:
        key = (number, deck.profiles[kind].currency)
        sums = parties.get(key) or parties.setdefault(key, [0] * 5)
        sums[place] += now
        kinds[kind][2] += now
        return sums

    for i, kind in enumerate(deck.profile):
        kinds[kind][0] += 1
        kinds[kind][1] += deck.base[i]
        sold = add(deck.seller[i], kind, 2, deck.seller_now[i])
        sold[0] += 1
        sold[1] += deck.base[i]
        add(deck.upline[i], kind, 4, deck.upline_now[i])
    for i, number, now in zip(deck.parcel_line, deck.parcel_party, deck.parcel_now, strict=True):
        add(number, deck.profile[i], 3, now)
    rows = [[number, currency, *sums] for (number, currency), sums in parties.items() if number]
    deck.standing = Standing(kinds, rows)
    return deck


def _row(one: Profile | Party) -> list[Any]:
    """The values of a name, without saying a thousand times what they are called."""
    return [plain(getattr(one, name)) for name in one.__dataclass_fields__]


def _profile(row: list[Any]) -> Profile:
    values = dict(zip(Profile.__dataclass_fields__, row, strict=True))
    for name in ("category_keys", "collection_keys"):
        values[name] = tuple(values[name])
    return Profile(**values)


def _bytes_of(column: array[int]) -> bytes:
    return _turned(array(column.typecode, column)).tobytes()


def _turned(column: array[int]) -> array[int]:
    if sys.byteorder == "big":
        column.byteswap()
    return column
