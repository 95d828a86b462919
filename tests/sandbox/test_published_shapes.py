"""The sandbox's objects beside Stripe's: the SDK's types, the published examples, the webhooks.

Nothing here knows how the sandbox builds its objects.
"""

import inspect
import json
import os
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stripe

from shop.sandbox.signing import signature

from .conftest import World
from .gallery import Json, fill

SHARED = Path(os.environ.get("GRIDSHOP_SHARED", "../shared"))

shared = pytest.mark.skipif(
    not (SHARED / "data" / "stripe" / "fixtures3.json").exists(),
    reason=f"Stripe's published examples are not at {SHARED}; set GRIDSHOP_SHARED",
)

CLASSES: dict[str, type[stripe.StripeObject]] = {
    "account": stripe.Account,
    "account_link": stripe.AccountLink,
    "balance": stripe.Balance,
    "balance_transaction": stripe.BalanceTransaction,
    "bank_account": stripe.BankAccount,
    "charge": stripe.Charge,
    "checkout.session": stripe.checkout.Session,
    "dispute": stripe.Dispute,
    "event": stripe.Event,
    "item": stripe.LineItem,
    "list": stripe.ListObject,
    "payment_intent": stripe.PaymentIntent,
    "payment_method": stripe.PaymentMethod,
    "payout": stripe.Payout,
    "price": stripe.Price,
    "refund": stripe.Refund,
    "transfer": stripe.Transfer,
    "transfer_reversal": stripe.TransferReversal,
}

NOT_IN_OURS = {"charge.source": "only charges of the old Sources API have one"}
"""Fields of the published examples that the sandbox leaves out, and why."""


@pytest.fixture
def everything(world: World) -> list[Json]:
    return fill(world)


@pytest.fixture
def examples() -> dict[str, Json]:
    text = (SHARED / "data" / "stripe" / "fixtures3.json").read_text(encoding="utf-8")
    resources: dict[str, Json] = json.loads(text)["resources"]
    return resources


class TestAgainstTheSdksTypes:
    def test_every_kind_is_there(self, everything: list[Json]) -> None:
        kinds = {obj["object"] for obj in everything}

        assert kinds >= set(CLASSES) - {"bank_account", "list", "price"}

    def test_every_field_is_known_and_every_required_field_is_there(
        self, everything: list[Json]
    ) -> None:
        faults = {fault for obj in everything for fault in _faults(obj)}

        assert faults == set()

    def test_snapshots_in_events_are_whole_objects(self, everything: list[Json]) -> None:
        snapshots = [obj["data"]["object"] for obj in everything if obj["object"] == "event"]

        assert len(snapshots) > 40
        assert {fault for snapshot in snapshots for fault in _faults(snapshot)} == set()

    def test_every_event_type_is_one_of_stripes(self, everything: list[Json]) -> None:
        known = set(typing.get_args(stripe.Event.__annotations__["type"]))

        ours = {obj["type"] for obj in everything if obj["object"] == "event"}

        assert ours <= known
        assert len(ours) >= 20


@shared
@pytest.mark.shared
class TestAgainstThePublishedExamples:
    def test_every_published_field_is_in_ours(
        self, everything: list[Json], examples: dict[str, Json]
    ) -> None:
        lacking = set()
        for kind in {obj["object"] for obj in everything}:
            ours = {field for obj in everything if obj["object"] == kind for field in obj}
            lacking |= {f"{kind}.{field}" for field in set(examples[kind]) - ours}

        assert lacking == set(NOT_IN_OURS)

    def test_every_field_has_the_published_json_type(
        self, everything: list[Json], examples: dict[str, Json]
    ) -> None:
        differences = {
            difference
            for obj in everything
            for difference in _differences(obj, examples[obj["object"]])
        }

        assert differences == set()


@shared
@pytest.mark.shared
class TestAgainstPublishedWebhooks:
    def test_our_events_have_the_published_envelope(self, everything: list[Json]) -> None:
        ours = {obj["type"]: obj for obj in everything if obj["object"] == "event"}
        compared = set()
        for file in sorted((SHARED / "data" / "stripe_webhooks").glob("*.json")):
            published = json.loads(file.read_text(encoding="utf-8"))
            event = ours.get(published["type"])
            if event is None:
                continue
            compared.add(published["type"])
            for field in published:
                assert field in event, (file.name, field)
                assert _kind(event[field]) == _kind(published[field]), (file.name, field)
            assert event["data"]["object"]["object"] == published["data"]["object"]["object"]
            if "previous_attributes" in event["data"]:
                assert isinstance(event["data"]["previous_attributes"], dict)

        assert len(compared) >= 9, compared

    @pytest.mark.parametrize(
        "case",
        json.loads(
            (SHARED / "data" / "examples" / "stripe_signatures.json").read_text(encoding="utf-8")
        )["cases"]
        if (SHARED / "data" / "examples" / "stripe_signatures.json").exists()
        else [],
        ids=lambda case: case["name"],
    )
    def test_our_signature_is_in_the_published_header_where_it_is_genuine(self, case: Json) -> None:
        ours = signature(case["secret"], timestamp=1700000000, body=case["payload"].encode())

        genuine = f"v1={ours}" in case["header"].split(",")
        assert genuine == (case["valid"] or case["name"] in BAD_FOR_OTHER_REASONS)


BAD_FOR_OTHER_REASONS = {"too old", "no timestamp"}
"""Cases whose signature is right and which the verifier must refuse all the same."""


def _faults(obj: Json) -> Iterator[str]:
    yield from _compare(obj, CLASSES[obj["object"]], obj["object"])


def _compare(obj: Json, theirs: type[Any], path: str) -> Iterator[str]:
    known = _annotations(theirs)
    for name, value in obj.items():
        if name not in known:
            yield f"{path}.{name} is unknown to the SDK"
            continue
        if not _fits(value, known[name]):
            yield f"{path}.{name} has the type {type(value).__name__}"
        yield from _inside(
            value, getattr(theirs, "_inner_class_types", {}).get(name), f"{path}.{name}"
        )
    for name, annotation in known.items():
        if name not in obj and not _accepts_none(annotation):
            yield f"{path}.{name} is missing"


def _inside(value: Any, theirs: type[Any] | None, path: str) -> Iterator[str]:
    for member in value if isinstance(value, list) else [value]:
        if not isinstance(member, dict):
            continue
        kind = member.get("object")
        inner = CLASSES.get(kind, theirs) if isinstance(kind, str) else theirs
        if inner is not None and inner is not stripe.ListObject:
            yield from _compare(member, inner, path)


def _annotations(theirs: type[Any]) -> dict[str, Any]:
    own = inspect.get_annotations(theirs)
    bases = [_annotations(base) for base in theirs.__bases__ if base is not object]
    merged = {name: kind for base in bases for name, kind in base.items()} | own
    return {
        name: kind
        for name, kind in merged.items()
        if typing.get_origin(kind) is not typing.ClassVar and not name.startswith("_")
    }


def _accepts_none(annotation: Any) -> bool:
    return annotation is Any or type(None) in typing.get_args(annotation)


def _fits(value: Any, annotation: Any) -> bool:
    """Whether a JSON value can be what the annotation says; unresolved names count as objects."""
    origin = typing.get_origin(annotation)
    if annotation is Any:
        return True
    if origin in (typing.Union, types.UnionType):
        return any(_fits(value, one) for one in typing.get_args(annotation))
    if origin is typing.Literal:
        return isinstance(value, type(typing.get_args(annotation)[0]))
    if value is None:
        return annotation is type(None)
    if origin is list:
        return isinstance(value, list)
    if annotation in (int, bool, str):
        return type(value) is annotation
    if getattr(annotation, "__name__", "") == "Decimal":
        return isinstance(value, str)
    return isinstance(value, dict)


def _differences(obj: Json, example: Json) -> Iterator[str]:
    """Name the fields whose JSON type is not the published one.

    A null on either side passes where the SDK's type allows it: the examples fill in what most
    objects leave empty, and the other way round.
    """
    known = _annotations(CLASSES[obj["object"]])
    for name in example.keys() & obj.keys():
        ours, published = obj[name], example[name]
        if _kind(ours) == _kind(published):
            continue
        if None not in (ours, published) or not _accepts_none(known.get(name, Any)):
            yield f"{obj['object']}.{name}"


def _kind(value: Any) -> str:
    return "number" if type(value) is int else type(value).__name__
