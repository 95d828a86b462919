"""The front of the API: key, fault, idempotency, parameters, verb, answer, in Stripe's order."""

import base64
import binascii
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from flask import Blueprint, Response, request

from . import idempotency
from .agenda import catch_up
from .core import PLATFORM, Origin, Sandbox, caused_by, public
from .endpoints import ENDPOINTS, Call, Endpoint, Failure
from .errors import (
    Json,
    Refused,
    error_body,
    internal_error,
    invalid,
    no_access,
    rate_limited,
    unauthorized,
)
from .expand import expand
from .faults import Fault
from .idempotency import Claim, RunningKeys, Saved
from .params import decode
from .settings import LIVE_PREFIXES
from .store import encode

DROPPED = "sandbox.dropped"
"""Set in the WSGI environment when the connection must break instead of carrying an answer."""


@dataclass
class Front:
    """Answers API calls for one sandbox."""

    sandbox: Sandbox
    running: RunningKeys = field(default_factory=RunningKeys)
    calls: Iterator[int] = field(default_factory=itertools.count)

    def answer(self, endpoint: Endpoint, ids: dict[str, str]) -> Response:
        """Answer one call; every refusal becomes an error body here."""
        request_id = self._new_request_id()
        try:
            account = self._authorize()
            fault = self.sandbox.faults.for_call(endpoint.method, request.path)
            if fault is Fault.RATE_LIMITED:
                raise rate_limited()
            if fault in (Fault.LOST_BEFORE, Fault.LOST_AFTER):
                request.environ[DROPPED] = True
            if fault is Fault.LOST_BEFORE:
                raise internal_error()
            return self._respond(endpoint, ids, account, request_id, fault)
        except Refused as refusal:
            return _response(Saved(request_id, refusal.status, encode(refusal.body)))

    def _respond(
        self,
        endpoint: Endpoint,
        ids: dict[str, str],
        account: str,
        request_id: str,
        fault: Fault | None,
    ) -> Response:
        body = request.get_data(as_text=True)
        key = request.headers.get("Idempotency-Key") if endpoint.method == "POST" else None
        if key is None:
            catch_up(self.sandbox)
            query = body if endpoint.method == "POST" else request.query_string.decode()
            call = self._call(endpoint, ids, account, query)
            return _response(self._run(endpoint, call, None, Origin(request_id), fault))
        claim = idempotency.claim(
            key, account=account, route=f"{endpoint.method} {request.path}", body=body
        )
        with self.running.hold(claim.key):
            catch_up(self.sandbox)
            with self.sandbox.transaction():
                saved = idempotency.recall(self.sandbox, claim)
            if saved is not None:
                return _response(saved, key=key, replayed=True)
            call = self._call(endpoint, ids, account, body)
            origin = Origin(request_id, key)
            return _response(self._run(endpoint, call, claim, origin, fault), key=key)

    def _call(self, endpoint: Endpoint, ids: dict[str, str], account: str, query: str) -> Call:
        params = endpoint.schema.read(decode(query))
        return Call(self.sandbox, params, ids, request.path, account)

    def _run(
        self,
        endpoint: Endpoint,
        call: Call,
        claim: Claim | None,
        origin: Origin,
        fault: Fault | None,
    ) -> Saved:
        request_id = origin.request_id or ""
        try:
            with self.sandbox.transaction(), caused_by(origin):
                if fault is Fault.ERROR_BEFORE:
                    raise internal_error()
                status, body = self._execute(endpoint, call)
                if fault is Fault.ERROR_AFTER:
                    refusal = internal_error()
                    status, body = refusal.status, refusal.body
                return self._keep(claim, Saved(request_id, status, encode(body)))
        except Refused as refusal:
            if not refusal.executed:
                raise
            with self.sandbox.transaction():
                saved = Saved(request_id, refusal.status, encode(refusal.body))
                return self._keep(claim, saved)

    def _execute(self, endpoint: Endpoint, call: Call) -> tuple[int, Json]:
        made = endpoint.answer(call)
        if isinstance(made, Failure):
            return made.status, made.body
        return 200, expand(self.sandbox, public(made), call.params.get("expand", []))

    def _keep(self, claim: Claim | None, saved: Saved) -> Saved:
        if claim is not None:
            idempotency.save(self.sandbox, claim, saved)
        return saved

    def _authorize(self) -> str:
        key = _given_key()
        if not key:
            raise unauthorized(
                "No API key was given. Send it as `Authorization: Bearer sk_test_…`."
            )
        if key.startswith(LIVE_PREFIXES):
            raise unauthorized("This is a sandbox. Never send it a live key.")
        if key != self.sandbox.settings.secret_key:
            raise unauthorized(f"Invalid API Key provided: {key[:8]}****{key[-4:]}")
        return self._account()

    def _account(self) -> str:
        """Return the connected account that is asked about.

        Looking is simulated; acting on an account's behalf is not, and is refused rather than
        done to the platform.
        """
        account = request.headers.get("Stripe-Account", PLATFORM)
        if account == PLATFORM:
            return PLATFORM
        with self.sandbox.transaction():
            found = self.sandbox.store.load(account)
        if found is None or found["object"] != "account":
            raise no_access(account)
        if request.method == "POST":
            raise invalid(
                "The sandbox does not simulate calls on behalf of connected accounts.",
                param="Stripe-Account",
            )
        return account

    def _new_request_id(self) -> str:
        # Without the database: a call that finds its key in use must not wait for the lock.
        store = self.sandbox.store
        return "req_" + store.scramble(f"req:{store.start}:{next(self.calls)}", 14)


def _given_key() -> str:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return value.strip() if scheme.lower() == "bearer" else ""
    try:
        return base64.b64decode(value).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _response(saved: Saved, *, key: str | None = None, replayed: bool = False) -> Response:
    response = Response(saved.body, saved.status, mimetype="application/json")
    response.headers["Request-Id"] = saved.request_id
    response.headers["Stripe-Version"] = request.headers.get("Stripe-Version", "")
    if key is not None:
        response.headers["Idempotency-Key"] = key
        response.headers["Original-Request"] = saved.request_id
    if replayed:
        response.headers["Idempotent-Replayed"] = "true"
    if saved.status >= 500:
        # The answer is saved under the key; sending it again would only bring the same.
        response.headers["Stripe-Should-Retry"] = "false"
    return response


def blueprint(sandbox: Sandbox) -> Blueprint:
    """Return the routes of the simulated API."""
    routes, front = Blueprint("api", __name__), Front(sandbox)
    for number, endpoint in enumerate(ENDPOINTS):
        routes.add_url_rule(
            endpoint.path,
            endpoint=f"{number}",
            view_func=_view(front, endpoint),
            methods=[endpoint.method],
        )
    return routes


def _view(front: Front, endpoint: Endpoint) -> Callable[..., Response]:
    def view(**ids: str) -> Response:
        return front.answer(endpoint, ids)

    return view


def unknown_address(method: str, path: str) -> Response:
    """Return the answer to an API address that the sandbox does not simulate."""
    message = f"Unrecognized request URL ({method}: {path}). The sandbox does not simulate it."
    body = error_body(message, kind="invalid_request_error")
    return Response(encode(body), 404, mimetype="application/json")
