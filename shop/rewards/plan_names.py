"""The things that rules name: their keys as people write them, and back.

Separate from plan.py because it looks into catalog and network, and a plan does not need either.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from commissions.terms import Rule
from shop.catalog.models import Category, Product, Variant
from shop.kernel.errors import Invalid
from shop.kernel.words import _l
from shop.network import queries as network
from shop.network.models import Point
from shop.rewards import keys


def names_of(session: Session, rules: Sequence[Rule]) -> dict[str, dict[str, str]]:
    """What rules name by key, in every language that it has; four statements."""
    whens = [rule.when for rule in rules]
    products = _numbers(key for when in whens for key in when.products)
    variants = _numbers(key for when in whens for key in when.variants)
    points = _numbers(key for when in whens for key in when.points)
    groups = _numbers(key for when in whens for key in when.categories)
    titles = session.execute(select(Product.id, Product.title).where(Product.id.in_(products)))
    skus = session.execute(select(Variant.id, Variant.sku).where(Variant.id.in_(variants)))
    names = session.execute(select(Point.id, Point.name).where(Point.id.in_(points)))
    categories = session.execute(select(Category.id, Category.name).where(Category.id.in_(groups)))
    found: dict[str, dict[str, str]] = {f"product:{row.id}": row.title for row in titles}
    found |= {f"variant:{row.id}": {"en": row.sku or ""} for row in skus}
    found |= {keys.point(row.id): {"en": row.name} for row in names}
    found |= {f"category:{row.id}": row.name for row in categories}
    return found


def written_goods(session: Session, products: Sequence[str], variants: Sequence[str]) -> str:
    """Products by address and variants by number, one a line; what is gone stands as its key."""
    slugs = dict(
        session.execute(
            select(Product.id, Product.slug).where(Product.id.in_(_numbers(products)))
        ).all()
    )
    skus = dict(
        session.execute(
            select(Variant.id, Variant.sku).where(Variant.id.in_(_numbers(variants)))
        ).all()
    )
    lines = [slugs.get(_number(key)) or key for key in products]
    lines += [skus.get(_number(key)) or key for key in variants]
    return "\n".join(lines)


def read_goods(session: Session, text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Keys of products and of variants, from one address or number a line.

    Raises Invalid for the field `goods`, naming the first line that is neither. A key stays what it
    is, so that nothing which is gone is lost by saving.
    """
    lines = _lines(text)
    slugs = dict(
        session.execute(select(Product.slug, Product.id).where(Product.slug.in_(lines))).all()
    )
    skus = dict(
        session.execute(select(Variant.sku, Variant.id).where(Variant.sku.in_(lines))).all()
    )
    products, variants = [], []
    for line in lines:
        if line.startswith("product:") or line in slugs:
            products.append(line if line.startswith("product:") else f"product:{slugs[line]}")
        elif line.startswith("variant:") or line in skus:
            variants.append(line if line.startswith("variant:") else f"variant:{skus[line]}")
        else:
            words = _l("“%(text)s” is neither a product's address nor a number.", text=line[:60])
            raise Invalid(words, field="goods")
    return tuple(products), tuple(variants)


def written_points(session: Session, points: Sequence[str]) -> str:
    """Points by name or the brand's number, one a line."""
    rows = session.execute(
        select(Point.id, Point.external_key, Point.name).where(Point.id.in_(_numbers(points)))
    )
    names = {row.id: row.external_key or row.name for row in rows}
    return "\n".join(names.get(_number(key)) or key for key in points)


def read_points(session: Session, text: str) -> tuple[str, ...]:
    """Keys of points, from one name or number a line. Raises Invalid for the field `points`."""
    found = []
    for line in _lines(text):
        point = None if line.startswith("point:") else network.find(session, line)
        if point is None and not line.startswith("point:"):
            words = _l("There is no point “%(text)s”, or several.", text=line[:60])
            raise Invalid(words, field="points")
        found.append(line if point is None else keys.point(point.id))
    return tuple(found)


def _lines(text: str) -> list[str]:
    return list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))[:200]


def _number(key: str) -> int:
    tail = key.rpartition(":")[2]
    return int(tail) if tail.isdigit() else 0


def _numbers(names: Iterable[str]) -> list[int]:
    return sorted({number for name in names if (number := _number(name))})
