"""The one table: who hears which event, who does which job, when, and through which adapters."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from flask import Flask

from shop.accounts import codes, limits
from shop.catalog import importer, media, stock_check
from shop.catalog.events import ProductsChanged, TaxClassRemoved, TaxesChanged
from shop.checkout import completion
from shop.fulfillment import pickup, rate_book, rates
from shop.gateway import client, connect_news, inbox
from shop.gateway.events import AccountChanged, BankPaymentSeen, TransfersSeen
from shop.kernel import db, events, jobs
from shop.kernel.events import Event
from shop.kernel.jobs import Job
from shop.kernel.settings import Settings
from shop.kernel.worker import Worker, executor
from shop.network import importer as network_importer
from shop.network.destinations import DestinationChanged
from shop.network.joining import ApplicationDecided, ApplicationMade
from shop.network.points import PointActivated, PointsActivated, PointStatusChanged
from shop.notifications import (
    applications,
    buyers,
    finance_alerts,
    messages,
    objections,
    outgoing,
    ports,
    tax_data,
)
from shop.notifications import destinations as destination_news
from shop.orders.events import (
    Delivered,
    Disputed,
    HandedOver,
    OrderCalledOff,
    OrderEnded,
    OrderPlaced,
    ReadyForPickup,
    RefundFailed,
    RefundReserved,
    Rerouted,
)
from shop.payments import endings, news, refund_sending
from shop.rewards import (
    alerts,
    on_order,
    on_transfer,
    payout_runs,
    payout_stops,
    payouts,
    reconciling,
    restores,
    statements,
    upkeep,
    what_if,
)
from shop.rewards.abuse import applying, reviewing
from shop.rewards.alerts import AlertRaised
from shop.rewards.objections import ObjectionAnswered
from shop.rewards.tax_changes import TaxDataChanging
from shop.search import index
from shop.storefront import edit as storefronts
from shop.storefront import opening
from shop.storefront import queries as shopfronts

EVENTS: Mapping[type[Event], Sequence[Callable[..., None]]] = {
    ProductsChanged: (index.refresh,),
    TaxesChanged: (rates.follow_taxes,),
    TaxClassRemoved: (rate_book.keep_class,),
    DestinationChanged: (on_transfer.on_destination, destination_news.on_changed),
    PointActivated: (storefronts.open_for,),
    PointsActivated: (opening.open_many,),
    PointStatusChanged: (shopfronts.on_status_changed,),
    ApplicationMade: (applying.on_applied,),
    ApplicationDecided: (applications.on_decided,),
    OrderPlaced: (
        on_order.on_placed,
        pickup.issue,
        completion.close_cart,
        messages.on_placed,
    ),
    OrderEnded: (completion.close_cart_of_ended,),
    HandedOver: (on_order.on_handed_over, buyers.on_handed_over),
    ReadyForPickup: (buyers.on_ready,),
    Rerouted: (buyers.on_rerouted,),
    Delivered: (on_order.on_delivered,),
    OrderCalledOff: (on_order.on_called_off,),
    RefundReserved: (on_order.on_refund_reserved, buyers.on_refund_reserved),
    RefundFailed: (on_order.on_refund_failed,),
    Disputed: (on_order.on_disputed,),
    TransfersSeen: (on_transfer.on_transfers,),
    BankPaymentSeen: (on_transfer.on_bank_payment,),
    AccountChanged: (on_transfer.on_account,),
    ObjectionAnswered: (objections.on_answered,),
    TaxDataChanging: (tax_data.on_changing,),
    AlertRaised: (finance_alerts.on_raised,),
}

JOBS: Mapping[str, Job] = {
    "accounts.send_code": Job(messages.send_code, calls_outside=True),
    "accounts.welcome_staff": Job(messages.send_staff_welcome, calls_outside=True),
    "catalog.fetch_media": Job(media.fetch, calls_outside=True),
    "catalog.import": Job(importer.work, calls_outside=True),
    "gateway.handle": Job(inbox.handle, calls_outside=True),
    "network.import": Job(network_importer.work, calls_outside=True),
    "network.send_invitation": Job(messages.send_invitation, calls_outside=True),
    "notifications.order_link": Job(buyers.send_link, calls_outside=True),
    messages.TELL: Job(messages.tell_of_placed),
    applications.TO_APPLICANT: Job(applications.send_decision, calls_outside=True),
    buyers.TO_BUYER: Job(buyers.send, calls_outside=True),
    destination_news.TELL_OWNERS: Job(destination_news.send_warning, calls_outside=True),
    alerts.WATCH: Job(alerts.watch),
    finance_alerts.TELL: Job(finance_alerts.send, calls_outside=True),
    tax_data.TELL_OWNERS: Job(tax_data.send_warning, calls_outside=True),
    objections.TELL_OF_ANSWER: Job(objections.send_answer, calls_outside=True),
    "notifications.to_point": Job(messages.send_to_point, calls_outside=True),
    "payments.poll": Job(endings.poll, calls_outside=True),
    "payments.send_refund": Job(refund_sending.send, calls_outside=True),
    "payments.sweep": Job(endings.sweep, calls_outside=True),
    "checkout.reap": Job(completion.reap),
    "rewards.credit": Job(on_order.credit),
    "rewards.credit_left_overs": Job(on_order.credit_left_overs),
    "rewards.seal": Job(upkeep.seal),
    "rewards.audit": Job(upkeep.audit, calls_outside=True),
    what_if.SIMULATE: Job(what_if.work, calls_outside=True),
    reviewing.ORDERS: Job(reviewing.review_orders),
    reviewing.POINTS: Job(reviewing.review_points),
    reviewing.FORGET: Job(reviewing.forget, calls_outside=True),
    "catalog.repair_sellable": Job(stock_check.repair_sellable),
    "accounts.purge_codes": Job(codes.purge, calls_outside=True),
    "accounts.purge_limits": Job(limits.purge, calls_outside=True),
    "gateway.purge": Job(inbox.purge, calls_outside=True),
    "kernel.purge": Job(jobs.purge, calls_outside=True),
    "notifications.purge": Job(ports.purge_mailbox, calls_outside=True),
    payouts.SEND: Job(payouts.send_due, calls_outside=True),
    restores.STEP: Job(restores.work, calls_outside=True),
    reconciling.RECONCILE: Job(reconciling.work, calls_outside=True),
    reconciling.REVERSE_LATER: Job(reconciling.reverse_later, calls_outside=True),
    payout_runs.WORK: Job(payout_runs.work, calls_outside=True),
    statements.CLOSE: Job(statements.work, calls_outside=True),
    payout_stops.LOOK_AGAIN: Job(payout_stops.look_again_later, calls_outside=True),
}

TIMETABLE: Mapping[str, timedelta] = {
    "payments.sweep": timedelta(minutes=1),
    "payments.poll": timedelta(minutes=5),
    "catalog.repair_sellable": timedelta(days=1),
    "checkout.reap": timedelta(days=1),
    "accounts.purge_codes": timedelta(days=1),
    "accounts.purge_limits": timedelta(days=1),
    "gateway.purge": timedelta(days=1),
    "kernel.purge": timedelta(days=1),
    "notifications.purge": timedelta(days=1),
    "rewards.credit_left_overs": timedelta(minutes=10),
    "rewards.seal": timedelta(minutes=10),
    "rewards.audit": timedelta(minutes=15),
    reviewing.ORDERS: timedelta(minutes=2),
    reviewing.POINTS: timedelta(hours=1),
    reviewing.FORGET: timedelta(days=1),
    payouts.SEND: timedelta(minutes=5),
    restores.STEP: timedelta(minutes=5),
    alerts.WATCH: timedelta(minutes=5),
    reconciling.RECONCILE: timedelta(days=1),
}

NEWS: Mapping[str, inbox.Handler] = {
    "checkout.session.completed": news.on_session,
    "checkout.session.expired": news.on_session,
    "checkout.session.async_payment_succeeded": news.on_session,
    "checkout.session.async_payment_failed": news.on_session,
    "payment_intent.succeeded": news.on_intent,
    "payment_intent.payment_failed": news.on_intent,
    "payment_intent.canceled": news.on_intent,
    "charge.refunded": news.on_charge_refunded,
    "refund.created": news.on_refund,
    "refund.updated": news.on_refund,
    "refund.failed": news.on_refund,
    "charge.dispute.created": news.on_dispute,
    "charge.dispute.updated": news.on_dispute,
    "charge.dispute.closed": news.on_dispute,
    "transfer.created": connect_news.on_transfer,
    "transfer.updated": connect_news.on_transfer,
    "transfer.reversed": connect_news.on_transfer,
    "payout.paid": connect_news.on_bank_payment,
    "payout.failed": connect_news.on_bank_payment,
    "account.updated": connect_news.on_account,
}


def bind(app: Flask, settings: Settings, *, transport: Any = None) -> Worker:
    """Connect the tables above to this process; returns the worker, which `flask jobs work` runs."""

    def around(work: Callable[[], Any]) -> Any:
        with app.app_context():
            return work()

    worker = Worker(executor(settings.jobs_url), timetable=TIMETABLE, around=around)
    events.bind(EVENTS)
    jobs.bind(JOBS, hand_over=worker.hand_over)
    inbox.bind(NEWS)
    client.use(settings.stripe_secret_key, api_base=settings.stripe_api_base, transport=transport)
    outgoing.link_to(settings.public_url)
    ports.use(
        ports.smtp(settings.smtp_url, f"no-reply@{settings.trusted_host.partition(':')[0]}")
        if settings.smtp_url
        else ports.mailbox
    )
    app.extensions["worker"] = worker
    return worker


def assert_database(*, may_lose_power: bool = False) -> None:
    """Refuse to start over a database that does not keep its contract or has lost a guard."""
    with db.engine().connect() as connection:
        connection = connection.execution_options(may_lose_power=may_lose_power, read_only=True)
        db.assert_contract(connection)
        missing = db.guards.missing_guards(connection)
        if missing:
            raise RuntimeError(
                "The database is not ready: run `alembic -c migrations/alembic.ini upgrade head`. "
                f"{len(missing)} insert-only guards are missing, the first is {missing[0]}."
            )
