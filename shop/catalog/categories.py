"""The tree of categories: made from paths, read as a whole.

Read as a whole, because a shop has dozens of categories and each page shows some of the tree.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from shop.catalog.drafts import MAX_CATEGORY_DEPTH
from shop.catalog.tables import category, product
from shop.kernel import audit, ids
from shop.kernel.errors import Conflict, Invalid, NotFound
from shop.kernel.i18n import LOCALES, Texts
from shop.kernel.kept import Kept
from shop.kernel.words import _l


@dataclass(frozen=True)
class CategoryRow:
    """One category."""

    id: int
    slug: str
    name: dict[str, str]
    parent_id: int | None
    position: int


@dataclass
class CategoryTree:
    """All categories, in the order of their position under each parent."""

    rows: Sequence[CategoryRow]
    _by_id: dict[int, CategoryRow] = field(init=False)
    _children: dict[int | None, list[CategoryRow]] = field(init=False)

    def __post_init__(self) -> None:
        self._by_id = {row.id: row for row in self.rows}
        self._children = {}
        for row in self.rows:
            self._children.setdefault(row.parent_id, []).append(row)

    @property
    def roots(self) -> Sequence[CategoryRow]:
        return self.children(None)

    def children(self, category_id: int | None) -> Sequence[CategoryRow]:
        return self._children.get(category_id, [])

    def get(self, category_id: int | None) -> CategoryRow | None:
        return self._by_id.get(category_id) if category_id is not None else None

    def by_slug(self, slug: str) -> CategoryRow | None:
        return next((row for row in self.rows if row.slug == slug), None)

    def ids_under(self, category_id: int) -> list[int]:
        """The category itself, then everything below it."""
        below = [id for child in self.children(category_id) for id in self.ids_under(child.id)]
        return [category_id, *below]

    def path_to(self, category_id: int | None) -> list[CategoryRow]:
        """From the root down to the category."""
        path: list[CategoryRow] = []
        row = self.get(category_id)
        while row is not None:
            path.insert(0, row)
            row = self.get(row.parent_id)
        return path

    def walk(self, parent_id: int | None = None, depth: int = 0) -> list[tuple[int, CategoryRow]]:
        """Every category with its depth, as an outline reads."""
        outline: list[tuple[int, CategoryRow]] = []
        for row in self.children(parent_id):
            outline += [(depth, row), *self.walk(row.id, depth + 1)]
        return outline


def categories(session: Session) -> CategoryTree:
    """The whole tree; one statement."""
    rows = session.execute(
        select(
            category.c.id,
            category.c.slug,
            category.c.name,
            category.c.parent_id,
            category.c.position,
        ).order_by(category.c.position, category.c.id)
    )
    return CategoryTree([CategoryRow(*row) for row in rows])


kept = Kept(categories)
"""The tree for pages."""


def make_category(
    session: Session,
    name: Texts,
    *,
    parent_id: int | None = None,
    slug: str = "",
    position: int = 0,
    by: str,
    at: datetime,
) -> int:
    """A new category; its slug is made from the name unless given.

    Raises Invalid for a missing name, a taken slug, or a tree that would become too deep.
    """
    tree = categories(session)
    texts = {tag: text.strip() for tag, text in name.items() if text.strip()}
    if not texts:
        raise Invalid(_l("A category needs a name."), field="name")
    _check_parent(tree, None, parent_id)
    wanted = slug.strip() or slug_of(_english_first(texts))
    if slug and tree.by_slug(wanted):
        raise Invalid(_l("Another category has this address already."), field="slug")
    category_id = ids.new()
    row = {
        "id": category_id,
        "slug": free_slug(wanted, {row.slug for row in tree.rows}),
        "name": texts,
        "parent_id": parent_id,
        "position": position,
    }
    session.execute(insert(category), [row])
    kept.forget(session)
    audit.record(session, "category.made", "category", category_id, by=by, at=at)
    return category_id


def change_category(
    session: Session,
    category_id: int,
    *,
    name: Texts,
    parent_id: int | None,
    position: int,
    by: str,
    at: datetime,
) -> None:
    """Rename or move a category.

    Raises Invalid if it would stand below itself or too deep, NotFound if there is none.
    """
    tree = categories(session)
    before = tree.get(category_id)
    if before is None:
        raise NotFound(_l("There is no such category."))
    texts = {tag: text.strip() for tag, text in name.items() if text.strip()}
    if not texts:
        raise Invalid(_l("A category needs a name."), field="name")
    _check_parent(tree, category_id, parent_id)
    after = {"name": texts, "parent_id": parent_id, "position": position}
    session.execute(update(category).where(category.c.id == category_id).values(**after))
    kept.forget(session)
    audit.record(
        session,
        "category.changed",
        "category",
        category_id,
        by=by,
        at=at,
        before={"name": before.name, "parent_id": before.parent_id, "position": before.position},
        after=after,
    )


def remove_category(session: Session, category_id: int, *, by: str, at: datetime) -> None:
    """Remove an empty category.

    Raises Conflict while products or categories stand below it.
    """
    if categories(session).children(category_id) or session.scalar(
        select(product.c.id).where(product.c.category_id == category_id).limit(1)
    ):
        raise Conflict(_l("There is something in this category still. Move it first."))
    session.execute(category.delete().where(category.c.id == category_id))
    kept.forget(session)
    audit.record(session, "category.removed", "category", category_id, by=by, at=at)


def slug_of(text: str) -> str:
    """Letters, digits and hyphens of a text; Chinese characters stay, as browsers show them."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[^\w]+", "-", plain).replace("_", "-").strip("-")[:100] or "item"


def free_slug(wanted: str, taken: Iterable[str]) -> str:
    """The wanted slug, or with the next number behind it that is free."""
    used = set(taken)
    if wanted not in used:
        return wanted
    number = 2
    while f"{wanted}-{number}" in used:
        number += 1
    return f"{wanted}-{number}"


def _english_first(texts: Texts) -> str:
    return next(texts[tag] for tag in (*reversed(LOCALES), *texts) if texts.get(tag))


def _check_parent(tree: CategoryTree, category_id: int | None, parent_id: int | None) -> None:
    if parent_id is None:
        return
    if tree.get(parent_id) is None:
        raise Invalid(_l("There is no such category."), field="parent_id")
    path = [row.id for row in tree.path_to(parent_id)]
    if category_id in path:
        raise Invalid(_l("A category cannot stand below itself."), field="parent_id")
    height = _height(tree, category_id) if category_id is not None else 1
    if len(path) + height > MAX_CATEGORY_DEPTH:
        raise Invalid(
            _l("Categories go %(limit)s levels deep at most.", limit=MAX_CATEGORY_DEPTH),
            field="parent_id",
        )


def _height(tree: CategoryTree, category_id: int) -> int:
    return 1 + max([_height(tree, child.id) for child in tree.children(category_id)], default=0)
