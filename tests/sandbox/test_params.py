"""Parameters are refused as Stripe refuses them; nothing unknown is swallowed."""

import re
import typing
from collections.abc import Iterator
from typing import Any

import pytest
import stripe
from stripe import params as sdk
from stripe.params import checkout as sdk_checkout
from typing_extensions import is_typeddict
from werkzeug.datastructures import Headers

from shop.sandbox import schemas
from shop.sandbox.params import Items, Moment, Node, Retired, Struct, decode

from .conftest import World, session_params

AUTH = Headers({"Authorization": "Bearer sk_test_gridshop"})


class TestRefusals:
    def test_an_unknown_parameter_is_named(self, world: World) -> None:
        with pytest.raises(stripe.InvalidRequestError) as refused:
            world.session(colour="green")

        assert (refused.value.code, refused.value.param) == ("parameter_unknown", "colour")

    def test_an_unknown_nested_parameter_is_named_with_its_path(self, world: World) -> None:
        with pytest.raises(stripe.InvalidRequestError) as refused:
            world.session(payment_intent_data={"color": "green"})

        assert refused.value.param == "payment_intent_data[color]"

    def test_a_missing_parameter_is_named(self, world: World) -> None:
        params = session_params()
        del params["success_url"]

        with pytest.raises(stripe.InvalidRequestError) as refused:
            world.client.v1.checkout.sessions.create(params)

        assert (refused.value.code, refused.value.param) == ("parameter_missing", "success_url")

    @pytest.mark.parametrize(
        ("changes", "param", "code"),
        [
            ({"expires_at": "soon"}, "expires_at", "parameter_invalid_integer"),
            ({"mode": "gift"}, "mode", None),
            ({"locale": "klingon"}, "locale", None),
            ({"success_url": "javascript:alert(1)"}, "success_url", "url_invalid"),
            ({"customer_email": "nobody"}, "customer_email", "email_invalid"),
            ({"client_reference_id": ""}, "client_reference_id", "parameter_invalid_empty"),
            ({"client_reference_id": "x" * 201}, "client_reference_id", None),
            ({"metadata": {"x" * 41: "1"}}, f"metadata[{'x' * 41}]", None),
            ({"metadata": {"x": "1" * 501}}, "metadata[x]", None),
            ({"metadata": {str(number): "1" for number in range(51)}}, "metadata", None),
            ({"line_items": "eggs"}, "line_items", None),
        ],
    )
    def test_a_bad_value_is_named(
        self, world: World, changes: dict[str, Any], param: str, code: str | None
    ) -> None:
        with pytest.raises(stripe.InvalidRequestError) as refused:
            world.session(**changes)

        assert (refused.value.param, refused.value.code) == (param, code)

    def test_an_unknown_currency_is_refused(self, world: World) -> None:
        with pytest.raises(stripe.InvalidRequestError) as refused:
            world.client.v1.payment_intents.create({"amount": 500, "currency": "zzz"})

        assert refused.value.param == "currency"

    def test_an_address_that_is_not_simulated_says_so(self, world: World) -> None:
        with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL"):
            world.client.v1.customers.create({"email": "a@example.com"})


class TestCredentials:
    def test_without_a_key_the_answer_is_401(self, world: World) -> None:
        answer = world.app.test_client().get("/v1/balance")

        assert answer.status_code == 401
        assert answer.json is not None
        assert answer.json["error"]["type"] == "invalid_request_error"

    def test_basic_authentication_works_like_bearer(self, world: World) -> None:
        answer = world.app.test_client().get("/v1/balance", auth=("sk_test_gridshop", ""))

        assert answer.status_code == 200

    def test_a_live_key_is_turned_away(self, world: World) -> None:
        headers = {"Authorization": "Bearer sk_live_0000"}

        answer = world.app.test_client().get("/v1/balance", headers=headers)

        assert answer.status_code == 401

    def test_an_account_of_somebody_else_is_out_of_reach(self, world: World) -> None:
        with pytest.raises(stripe.PermissionError):
            world.client.v1.balance.retrieve({}, {"stripe_account": "acct_nobody"})

    def test_acting_for_a_connected_account_is_refused_and_not_done_to_the_platform(
        self, world: World
    ) -> None:
        account = world.account()

        with pytest.raises(stripe.InvalidRequestError, match="on behalf"):
            world.client.v1.payment_intents.create(
                {"amount": 5000, "currency": "cny"}, {"stripe_account": account.id}
            )
        assert world.client.v1.payment_intents.list().data == []

    def test_every_answer_has_a_request_id(self, world: World) -> None:
        answers = [
            world.app.test_client().get(path, headers=AUTH)
            for path in ("/v1/balance", "/v1/charges/ch_none")
        ]

        ids = {answer.headers["Request-Id"] for answer in answers}
        assert len(ids) == 2
        assert all(one.startswith("req_") for one in ids)


def test_brackets_become_a_tree() -> None:
    tree = decode("a[b][0][c]=1&a[b][1][c]=2&expand[]=x&expand[]=y&empty=")

    assert tree == {
        "a": {"b": {"0": {"c": "1"}, "1": {"c": "2"}}},
        "expand": {"0": "x", "1": "y"},
        "empty": "",
    }


KNOWN_TO_THE_SDK = [
    (schemas.SESSION_CREATE, sdk_checkout.SessionCreateParams),
    (schemas.SESSION_LIST, sdk_checkout.SessionListParams),
    (schemas.INTENT_CREATE, sdk.PaymentIntentCreateParams),
    (schemas.INTENT_CONFIRM, sdk.PaymentIntentConfirmParams),
    (schemas.INTENT_CANCEL, sdk.PaymentIntentCancelParams),
    (schemas.INTENT_CAPTURE, sdk.PaymentIntentCaptureParams),
    (schemas.INTENT_LIST, sdk.PaymentIntentListParams),
    (schemas.CHARGE_LIST, sdk.ChargeListParams),
    (schemas.REFUND_CREATE, sdk.RefundCreateParams),
    (schemas.REFUND_LIST, sdk.RefundListParams),
    (schemas.METADATA_UPDATE, sdk.RefundUpdateParams),
    (schemas.METADATA_UPDATE, sdk.TransferUpdateParams),
    (schemas.DISPUTE_UPDATE, sdk.DisputeUpdateParams),
    (schemas.DISPUTE_LIST, sdk.DisputeListParams),
    (schemas.TRANSFER_CREATE, sdk.TransferCreateParams),
    (schemas.TRANSFER_LIST, sdk.TransferListParams),
    (schemas.REVERSAL_CREATE, sdk.TransferReversalCreateParams),
    (schemas.REVERSAL_LIST, sdk.TransferReversalListParams),
    (schemas.ACCOUNT_CREATE, sdk.AccountCreateParams),
    (schemas.ACCOUNT_UPDATE, sdk.AccountUpdateParams),
    (schemas.ACCOUNT_LIST, sdk.AccountListParams),
    (schemas.ACCOUNT_LINK_CREATE, sdk.AccountLinkCreateParams),
    (schemas.PAYOUT_LIST, sdk.PayoutListParams),
    (schemas.BALANCE_TRANSACTION_LIST, sdk.BalanceTransactionListParams),
    (schemas.EVENT_LIST, sdk.EventListParams),
]


@pytest.mark.parametrize(
    ("schema", "theirs"), KNOWN_TO_THE_SDK, ids=[theirs.__name__ for _, theirs in KNOWN_TO_THE_SDK]
)
def test_every_accepted_parameter_exists_in_stripes_api(schema: Struct, theirs: type) -> None:
    assert list(_unknown(schema, theirs, "")) == []


def _unknown(schema: Struct, theirs: type, path: str) -> Iterator[str]:
    known = _fields(theirs)
    for name, node in schema.fields.items():
        if isinstance(node, Retired):
            continue
        where = f"{path}[{name}]" if path else name
        if name not in known:
            yield where
            continue
        inner = _struct_in(node)
        if inner is not None:
            yield from _unknown(inner, _typed_dict_in(known[name], theirs), where)


def _fields(theirs: type) -> dict[str, Any]:
    return {name: kind for base in reversed(theirs.__mro__) for name, kind in _own(base).items()}


def _own(base: type) -> dict[str, Any]:
    return dict(getattr(base, "__annotations__", {}))


def _struct_in(node: Node) -> Struct | None:
    if isinstance(node, Items):
        node = node.member
    return node if isinstance(node, Struct) and not isinstance(node, Moment) else None


def _typed_dict_in(annotation: Any, owner: type) -> type:
    """Find the TypedDict that an annotation such as `NotRequired[List["X"]]` names."""
    module = __import__(owner.__module__, fromlist=["_"])
    if isinstance(annotation, type) and is_typeddict(annotation):
        return annotation
    if isinstance(annotation, typing.ForwardRef | str):
        text = annotation if isinstance(annotation, str) else annotation.__forward_arg__
        for name in re.findall(r"\w+", text):
            found = getattr(module, name, None)
            if isinstance(found, type) and is_typeddict(found):
                return found
        return _Nothing
    for inner in typing.get_args(annotation):
        found = _typed_dict_in(inner, owner)
        if found is not _Nothing:
            return found
    return _Nothing


class _Nothing:
    """No TypedDict was found."""
