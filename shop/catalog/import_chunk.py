"""Some products of a file, written together: all of a product or nothing of it.

Separate from importer.py, which knows files, jobs and progress: here is one unit of work.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from shop.catalog import levels, media, sellable, stock, stored, writer
from shop.catalog.categories import CategoryTree, categories, make_category
from shop.catalog.csv_groups import Group
from shop.catalog.csv_problems import RowProblem
from shop.catalog.csv_products import Assembled, Row, Rules, assemble
from shop.catalog.drafts import VariantDraft
from shop.catalog.import_pictures import save_wishes
from shop.catalog.levels import Cause, Change
from shop.catalog.locations import need_default_location
from shop.catalog.models import BRAND
from shop.catalog.tables import product, stock_level, variant
from shop.catalog.writer import Save
from shop.kernel import ids
from shop.kernel.errors import ShopError


@dataclass(frozen=True)
class Orders:
    """What was asked for when the import was started."""

    key: str
    """Names the import in stock movements."""
    rules: Rules
    by: str
    at: datetime
    update_stock: bool = False
    fetch_pictures: bool = True
    repeated_skus: Mapping[str, tuple[str, int]] = field(default_factory=dict)


@dataclass
class Outcome:
    """What happened to one product."""

    handle: str
    line: int
    status: str
    problems: list[RowProblem]


@dataclass
class _Work:
    """One product on its way."""

    group: Group
    save: Save
    read: Assembled
    outcome: Outcome
    counts: list[tuple[int, int]] = field(default_factory=list)
    """Variants whose stock is set, with the units."""

    @property
    def product_id(self) -> int:
        return self.save.after.id or 0

    def fail(self, row: Row, column: str, code: str, **values: int | str) -> None:
        self.outcome.problems.append(RowProblem(row.line, column, code, dict(values)))


def import_groups(session: Session, groups: Sequence[Group], orders: Orders) -> list[Outcome]:
    """Bring in some products; returns an outcome for each group, in their order."""
    works = _assemble(session, [group for group in groups if group.handle], orders)
    _check_skus(session, works, orders)
    _check_counts(session, works, orders)
    _write(session, [work for work in works if not work.outcome.problems], orders)
    done = {id(work.group): work.outcome for work in works}
    return [done.get(id(group)) or _stray(group) for group in groups]


def _assemble(session: Session, groups: Sequence[Group], orders: Orders) -> list[_Work]:
    currency = orders.rules.currency
    known = stored.ids_by_slug(session, [group.handle for group in groups])
    before = stored.drafts_of(session, known.values(), currency=currency)
    works = []
    for group in groups:
        old = before.get(known.get(group.handle, 0))
        read = assemble(group.handle, group.rows, old, orders.rules)
        outcome = Outcome(group.handle, group.rows[0].line, "failed", read.problems)
        works.append(_Work(group, Save(old, read.draft), read, outcome))
    return works


def _stray(group: Group) -> Outcome:
    line = group.rows[0].line
    return Outcome("", line, "failed", [RowProblem(line, "", "handle_missing")])


def _check_skus(session: Session, works: Sequence[_Work], orders: Orders) -> None:
    """A SKU belongs to one variant of the shop, and to one row of the file."""
    skus = {row.sku for work in works for row in work.save.after.variants if row.sku}
    owners = stored.owners_of_skus(session, skus)
    header = orders.rules.header("sku")
    for work in works:
        for place, row in work.read.rows.items():
            one = work.save.after.variants[place]
            first = orders.repeated_skus.get(one.sku or "")
            if first is not None and first != (work.group.handle, row.line):
                work.fail(row, header, "sku_twice", other=first[1])
            elif one.sku in owners and owners[one.sku] != one.id:
                work.fail(row, header, "sku_taken")


def _check_counts(session: Session, works: Sequence[_Work], orders: Orders) -> None:
    """Counts are for new variants, or for all if that was asked for; never below what is promised.

    This is the report's early word; the guarded update decides when it is written.
    """
    wanted: dict[int, tuple[_Work, int, Row]] = {}
    for work in works:
        for place, (count, row) in work.read.quantities.items():
            one = work.save.after.variants[place]
            if one.id is not None and orders.update_stock and one.track_inventory:
                wanted[one.id] = (work, max(0, count), row)
    if not wanted:
        return
    place_id = need_default_location(session, by=orders.by, at=orders.at)
    rows = session.execute(
        select(stock_level.c.variant_id, stock_level.c.on_hand, levels.available).where(
            stock_level.c.variant_id.in_(sorted(wanted)),
            stock_level.c.location_id == place_id,
            stock_level.c.goods_owner == BRAND,
        )
    )
    found = {row[0]: (row[1], row[2]) for row in rows}
    for variant_id, (work, count, row) in wanted.items():
        on_hand, free = found.get(variant_id, (0, 0))
        if count < on_hand - free:
            work.fail(
                row, orders.rules.header("quantity"), "below_committed",
                wanted=count, promised=on_hand - free,
            )  # fmt: skip
        elif count != on_hand:
            work.counts.append((variant_id, count))


def _write(session: Session, works: Sequence[_Work], orders: Orders) -> None:
    try:
        with session.begin_nested():
            _write_all(session, works, orders)
    except (IntegrityError, ShopError):
        # Somebody was faster at one of them: write one by one, so that only that one fails.
        for work in works:
            _write_one(session, work, orders)


def _write_one(session: Session, work: _Work, orders: Orders) -> None:
    try:
        with session.begin_nested():
            _write_all(session, [work], orders)
    except (IntegrityError, ShopError):
        work.outcome.status = "failed"
        work.fail(work.group.rows[0], "", "conflict")


def _write_all(session: Session, works: Sequence[_Work], orders: Orders) -> None:
    _set_categories(session, works, orders)
    # Levels first, as in a sale, so that the two never wait for each other.
    for work in works:
        _count(session, work, orders)
    changed = set(
        writer.save(
            session, [work.save for work in works], currency=orders.rules.currency,
            by=orders.by, at=orders.at,
        )
    )  # fmt: skip
    _stock_up(session, works, orders)
    pictured = _save_pictures(session, works, orders)
    _raise_versions(session, pictured - changed)
    writer.refresh_pictures(session, sorted(pictured))
    for work in works:
        touched = work.product_id in changed | pictured or work.counts
        kept = "updated" if touched else "unchanged"
        work.outcome.status = "created" if work.save.before is None else kept


def _count(session: Session, work: _Work, orders: Orders) -> None:
    for variant_id, count in sorted(work.counts):
        stock.set_on_hand(
            session,
            variant_id,
            need_default_location(session, by=orders.by, at=orders.at),
            count,
            reason_id=orders.key,
            at=orders.at,
            by=orders.by,
        )


def _stock_up(session: Session, works: Sequence[_Work], orders: Orders) -> None:
    """Give new variants the units that the file names."""
    counts = [count for work in works for count in _first_counts(work)]
    if not counts:
        return
    place_id = need_default_location(session, by=orders.by, at=orders.at)
    level_ids = ids.block(len(counts))
    session.execute(
        insert(stock_level),
        [
            {
                "id": level_id,
                "variant_id": one.id,
                "location_id": place_id,
                "goods_owner": BRAND,
                "on_hand": count,
                "committed": 0,
                "reserved": 0,
                "unavailable": 0,
                "backorderable": one.backorderable,
            }
            for level_id, (one, count) in zip(level_ids, counts, strict=True)
        ],
    )
    levels.record(
        session,
        [
            (level_id, count, Change(on_hand=count))
            for level_id, (_one, count) in zip(level_ids, counts, strict=True)
        ],
        Cause("receive", "import", orders.key, orders.by, orders.at),
    )
    sellable.refresh(session, [work.product_id for work in works])


def _first_counts(work: _Work) -> list[tuple[VariantDraft, int]]:
    known = {row.id for row in (work.save.before.variants if work.save.before else ())}
    counts = []
    for place, (count, _row) in sorted(work.read.quantities.items()):
        one = work.save.after.variants[place]
        if one.id not in known and one.track_inventory and count > 0:
            counts.append((one, count))
    return counts


def _save_pictures(session: Session, works: Sequence[_Work], orders: Orders) -> set[int]:
    changed, by_url, waiting = save_wishes(
        session, {work.product_id: work.read.wishes for work in works}
    )
    for work in works:
        for place, url in work.read.variant_pictures.items():
            one = work.save.after.variants[place]
            media_id = by_url.get((work.product_id, url))
            if media_id is not None and one.media_id != media_id:
                session.execute(
                    update(variant).where(variant.c.id == one.id).values(media_id=media_id)
                )
                changed.add(work.product_id)
    if orders.fetch_pictures:
        media.fetch_later(session, waiting, at=orders.at)
    return changed


def _raise_versions(session: Session, product_ids: Iterable[int]) -> None:
    wanted = sorted(product_ids)
    if wanted:
        session.execute(
            update(product).where(product.c.id.in_(wanted)).values(version=product.c.version + 1)
        )


def _set_categories(session: Session, works: Sequence[_Work], orders: Orders) -> None:
    if not any(work.read.category_path is not None for work in works):
        return
    tree = categories(session)
    for work in works:
        path = work.read.category_path
        if path is None:
            continue
        parent: int | None = None
        for names in path:
            found = _child(tree, parent, names)
            if found is None:
                found = make_category(session, names, parent_id=parent, by=orders.by, at=orders.at)
                tree = categories(session)
            parent = found
        work.save.after.category_id = parent


def _child(tree: CategoryTree, parent_id: int | None, names: Mapping[str, str]) -> int | None:
    """The category below a parent that has one of these names, in whatever language."""
    wanted = {name.casefold() for name in names.values()}
    for row in tree.children(parent_id):
        if wanted & {name.casefold() for name in row.name.values()}:
            return row.id
    return None
