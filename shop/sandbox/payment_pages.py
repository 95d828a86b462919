"""The hosted pages that buyers and account owners see: checkout, confirmation, sign-up, receipt."""

import re

from flask import Blueprint, Response, abort, request

from . import accounts, sessions
from .agenda import catch_up
from .core import Sandbox
from .errors import Json, Refused
from .phrases import Language, language_of
from .ways_to_pay import OUTCOMES, Outcome
from .web import render

METHOD_NAMES = {"card": "Card", "alipay": "Alipay", "wechat_pay": "WeChat Pay"}

OUTCOME_TEXTS = {
    Outcome.SUCCESS: ("Payment succeeds", "The money arrives at once."),
    Outcome.DECLINE: ("Payment is declined", "You stay here and can try again."),
    Outcome.ACTION: ("Confirmation is needed", "The bank or the wallet asks once more."),
    Outcome.LATE_SUCCESS: (
        "Payment arrives late",
        "The order waits; the money comes in a few minutes.",
    ),
    Outcome.LATE_FAILURE: ("Payment fails late", "The order waits; the money never comes."),
    Outcome.DISPUTE: ("Disputed later", "Succeeds; in a few minutes the buyer disputes it."),
    Outcome.REFUND_PENDING: (
        "A refund will stay pending",
        "Succeeds; a refund waits until the operator decides.",
    ),
    Outcome.REFUND_FAILS: (
        "A refund will fail later",
        "Succeeds; a refund comes back after a few minutes.",
    ),
}


class Pages:
    """The hosted pages of one sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    def checkout(self, session_id: str) -> Response:
        """Show what is to be paid, or how the session ended."""
        session = self._session(session_id)
        if session["status"] == "open":
            return self._form(session, error=self._last_error(session))
        return self._ended(session)

    def pay(self, session_id: str) -> Response:
        """Do what the buyer chose; a refused form comes back filled in."""
        session = self._session(session_id)
        if session["status"] != "open":
            return _see_other(f"/c/pay/{session_id}")
        error = self._form_error(session)
        if error:
            return self._form(session, error=error, status=422)
        try:
            with self.sandbox.transaction():
                session = sessions.pay(
                    self.sandbox,
                    self._session(session_id),
                    method=request.form["method"],
                    outcome=Outcome(request.form["outcome"]),
                    email=request.form.get("email", "").strip(),
                )
        except Refused as refusal:
            return self._form(session, error=str(refusal), status=422)
        return self._onward(session)

    def confirmation(self, session_id: str) -> Response:
        """Show the question of the bank or the wallet."""
        session = self._session(session_id)
        intent = self._intent(session)
        if intent is None or intent["status"] != "requires_action":
            return _see_other(f"/c/pay/{session_id}")
        with self.sandbox.transaction():
            method = self.sandbox.need("payment_method", intent["payment_method"])
        return render(
            self.sandbox,
            "confirm.html",
            language=_language(session),
            form_targets=(session["success_url"],),
            session=session,
            method=METHOD_NAMES[method["type"]],
            by_card=method["type"] == "card",
        )

    def confirm(self, session_id: str) -> Response:
        """Take the buyer's answer to that question."""
        try:
            with self.sandbox.transaction():
                session = sessions.finish_action(
                    self.sandbox,
                    self._session(session_id),
                    approve=request.form.get("answer") == "confirm",
                )
        except Refused:
            # A second click, or the session ended meanwhile: its page says how things stand.
            return _see_other(f"/c/pay/{session_id}")
        return self._onward(session)

    def setup(self, account_id: str, token: str) -> Response:
        """Show the sign-up form, or lead back to the platform if the link is used or too old."""
        link = self._link(account_id, token)
        if self._is_stale(link):
            return _see_other(link["refresh_url"])
        return render(self.sandbox, "setup.html", form_targets=(link["return_url"],), link=link)

    def finish_setup(self, account_id: str, token: str) -> Response:
        """Take the form, filled in or left."""
        with self.sandbox.transaction():
            link = self._link(account_id, token)
            if self._is_stale(link):
                return _see_other(link["refresh_url"])
            self.sandbox.change(link, used=True)
            if request.form.get("answer") == "complete":
                accounts.onboard(self.sandbox, self.sandbox.need("account", account_id))
        return _see_other(link["return_url"])

    def receipt(self, charge_id: str) -> Response:
        """Show what was paid."""
        with self.sandbox.transaction():
            charge = self.sandbox.store.load(charge_id)
        if charge is None or charge["object"] != "charge" or not charge["paid"]:
            abort(404)
        return render(self.sandbox, "receipt.html", charge=charge)

    def _form(self, session: Json, *, error: str | None = None, status: int = 200) -> Response:
        methods = session["payment_method_types"]
        outcomes = [
            (outcome, *texts, [m for m in methods if outcome in OUTCOMES[m]])
            for outcome, texts in OUTCOME_TEXTS.items()
        ]
        return render(
            self.sandbox,
            "checkout.html",
            language=_language(session),
            status=status,
            form_targets=(session["success_url"],),
            session=session,
            lines=session["_line_items"],
            methods=[(name, METHOD_NAMES[name]) for name in methods],
            outcomes=[row for row in outcomes if row[-1]],
            form=request.form,
            error=error,
        )

    def _ended(self, session: Json) -> Response:
        complete = session["status"] == "complete"
        back = sessions.success_url(session) if complete else session["cancel_url"]
        return render(
            self.sandbox,
            "ended.html",
            language=_language(session),
            session=session,
            complete=complete,
            back=back,
        )

    def _onward(self, session: Json) -> Response:
        if session["status"] == "complete":
            return _see_other(sessions.success_url(session))
        intent = self._intent(session)
        if intent is not None and intent["status"] == "requires_action":
            return _see_other(f"/c/pay/{session['id']}/confirm")
        return _see_other(f"/c/pay/{session['id']}")

    def _form_error(self, session: Json) -> str | None:
        method, outcome = request.form.get("method"), request.form.get("outcome")
        if method not in session["payment_method_types"] or outcome not in list(Outcome):
            return "Choose a way to pay and an outcome."
        email = request.form.get("email", "").strip()
        if email and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email):
            return "This does not look like an e-mail address."
        return None

    def _session(self, session_id: str) -> Json:
        catch_up(self.sandbox)
        with self.sandbox.transaction():
            session = self.sandbox.store.load(session_id)
        if session is None or session["object"] != "checkout.session":
            abort(404)
        return session

    def _intent(self, session: Json) -> Json | None:
        if session["payment_intent"] is None:
            return None
        with self.sandbox.transaction():
            return self.sandbox.need("payment_intent", session["payment_intent"])

    def _last_error(self, session: Json) -> str | None:
        intent = self._intent(session)
        error = intent and intent["last_payment_error"]
        return error["message"] if error else None

    def _link(self, account_id: str, token: str) -> Json:
        with self.sandbox.transaction():
            link = self.sandbox.store.load(token)
        if link is None or link["object"] != "_account_link" or link["account"] != account_id:
            abort(404)
        return link

    def _is_stale(self, link: Json) -> bool:
        return bool(link["used"] or link["expires_at"] <= self.sandbox.now())


def blueprint(sandbox: Sandbox) -> Blueprint:
    """Return the routes of the hosted pages."""
    routes, pages = Blueprint("pages", __name__), Pages(sandbox)
    session, link = "/c/pay/<session_id>", "/setup/e/<account_id>/<token>"
    routes.get(session)(pages.checkout)
    routes.post(session)(pages.pay)
    routes.get(f"{session}/confirm")(pages.confirmation)
    routes.post(f"{session}/confirm")(pages.confirm)
    routes.get(link)(pages.setup)
    routes.post(link)(pages.finish_setup)
    routes.get("/receipts/<charge_id>")(pages.receipt)
    return routes


def _language(session: Json) -> Language | None:
    locale = session["locale"]
    return None if locale in (None, "auto") else language_of(locale)


def _see_other(address: str) -> Response:
    return Response(status=303, headers={"Location": address})
