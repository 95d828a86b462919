"""Scenes that a visitor of the demo should find: one of each thing that can happen.

The many orders are drawn by chance; these are written out, so that every state is there however
few orders are built.
"""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select

from commissions import queries
from shop.accounts import demo_people, register
from shop.aftersales import cancel
from shop.kernel import clock, db, ids
from shop.network import joining
from shop.network.models import Point, PointKind
from shop.orders.models import OrderStatus
from shop.payments import endings
from shop.payments.models import Payment
from shop.rewards import holds, keys, payout_files, payout_lists, payout_runs
from shop.rewards import payouts as rewards
from shop.rewards.connect_rail import RAIL as CONNECT
from shop.rewards.holds import Lies
from shop.sandbox import control
from shop.sharing.touches import Seen
from shop.trial.shanye import parcels
from shop.trial.shanye.brand import Shanye
from shop.trial.shanye.people import APPLICANTS, BUYERS
from shop.trial.stage import Bought, Item, Stage

Work = Callable[[], None]
LEFT_AS_DRAFT = "south"
"""Whose payout of the last run still waits for the checker."""


def plan(played: Stage, shanye: Shanye, today: datetime) -> list[tuple[datetime, Work]]:
    """Every scene with its moment."""
    tell = _Scenes(played, shanye)
    return [
        (today - timedelta(days=days), work)
        for days, work in (
            (62, partial(tell.sold, "partner")),
            (60, partial(tell.sold, "pudong")),
            (40, tell.first_payouts),
            (22, partial(tell.sold, LEFT_AS_DRAFT)),
            (20, tell.disputed_later),
            (12, tell.held_later),
            (9, tell.never_paid),
            (8, tell.canceled_by_the_brand),
            (7, tell.last_payouts),
            (6, partial(tell.brought_by, None, "cook", "qr")),
            (5.5, partial(tell.brought_by, "mum", "runner", "link")),
            (5, partial(tell.brought_by, None, "nurse", "link", days_ago=40)),
            (4, tell.given_up_by_the_buyer),
            (3, tell.dispute),
            (2.5, tell.applications),
            (2, tell.hold),
            (1, tell.waits_at_the_counter),
        )
    ]


def contact(buyer: tuple[str, ...]) -> dict[str, str]:
    """The checkout form of one of the demo's buyers."""
    name, phone, province, city, district, code, street = buyer
    return {
        "name": name,
        "phone": phone,
        "email": demo_people.email_of("buyer") if name == "王芳" else "",
        "province": province,
        "city": city,
        "district": district,
        "division_code": code,
        "address": street,
    }


def came_by(shanye: Shanye, key: str, chance: random.Random) -> Seen:
    """A link or code of this point, followed some hours or weeks ago."""
    at = clock.now() - timedelta(hours=chance.choice((1, 5, 30, 24 * 9, 24 * 35)))
    kind = chance.choice(("link", "qr"))
    return Seen(ids.public_token(), shanye.points[key], kind, "demo", at)


class _Scenes:
    """The scenes of one building; a scene keeps the order that a later one comes back to."""

    def __init__(self, played: Stage, shanye: Shanye) -> None:
        self.played = played
        self.shanye = shanye
        self.orders: dict[str, int] = {}

    def sold(self, shop: str) -> None:
        """A plain sale above the smallest payout, so that there is something to pay in every demo."""
        self._delivered("goose", shop)

    def disputed_later(self) -> None:
        """Paid by card, delivered, and doubted by the buyer's bank two weeks later."""
        self.orders["dispute"] = self._delivered("beef-shank", "central")

    def dispute(self) -> None:
        with db.reading() as session:
            charge_id = session.scalars(
                select(Payment.charge_id).where(Payment.order_id == self.orders["dispute"])
            ).one()
        control.open_dispute(self.played.sandbox, str(charge_id))
        self.played.settle()

    def held_later(self) -> None:
        """Two large orders within minutes: finance wants to look before it pays."""
        self.orders["hold"] = self._delivered("goose", "west")

    def hold(self) -> None:
        at = clock.now()
        with db.unit_of_work() as session:
            sale = keys.sale(self.orders["hold"])
            for found in queries.earnings_of_sale(session, sale, at=at)[:1]:
                holds.hold(
                    session,
                    found,
                    Lies.SALE,
                    reason="check",
                    until=at + timedelta(days=10),
                    note="两单相隔几分钟，收货地址相同，先核实。",
                    once=f"demo:{found.id}",
                    by=self._staff("maker"),
                    at=at,
                )

    def never_paid(self) -> None:
        """The buyer closed the payment page; the goods went back when the hold was over."""
        self._send("linden-honey", "lili")
        clock.travel(clock.now() + timedelta(minutes=40))
        endings.sweep()

    def canceled_by_the_brand(self) -> None:
        order_id = self._buy("waxberries", "ajie").order_id
        with db.unit_of_work() as session:
            cancel.cancel(
                session,
                order_id,
                by=self._staff("staff"),
                at=clock.now(),
                reason="out_of_stock",
                note="今年雨水多，杨梅提前下市了。",
            )
        self.played.settle()

    def given_up_by_the_buyer(self) -> None:
        sent = self._send("longjing", "teacher")
        endings.give_up(
            sent.order_id, to=OrderStatus.CANCELED, reason="canceled_by_buyer", by="buyer"
        )

    def brought_by(self, shop: str | None, sender: str, kind: str, *, days_ago: float = 1) -> None:
        """Somebody's link or code led to the order, whether it earns or not."""
        seen = Seen(
            ids.public_token(),
            self.shanye.points[sender],
            kind,
            "demo",
            clock.now() - timedelta(days=days_ago),
        )
        self._buy("longjing", shop, seen=seen)

    def waits_at_the_counter(self) -> None:
        """Ready to be collected; the buyer has the message."""
        order = self._buy("linden-honey", "westlake", counter="westlake")
        parcels.make_ready(order.order_id, by=self._staff("clerk"))
        self.played.settle()

    def applications(self) -> None:
        """People who ask for a shop; one was declined with a reason."""
        at = clock.now()
        for name, phone, kind, shop, words in APPLICANTS:
            with db.unit_of_work() as session:
                person = register.with_contact(
                    session, f"+86{phone}", name=name, locale="zh", at=at
                )
                point_id = joining.apply(
                    session,
                    account_id=person.id,
                    kind=PointKind(kind),
                    name=shop,
                    words=words,
                    at=at,
                )
        with db.unit_of_work() as session:
            joining.decide(
                session,
                point_id,
                approve=False,
                note="我们只和了解这些产品的人合作，欢迎先来做客。",
                by=self._staff("staff"),
                at=at,
            )

    def first_payouts(self) -> None:
        """Prepared, approved, and paid over both ways."""
        self._pay(leave="")

    def last_payouts(self) -> None:
        """The same a month later; one payout still waits for the checker, the bank file is out."""
        self._pay(leave=LEFT_AS_DRAFT, confirm=False)

    def _pay(self, *, leave: str, confirm: bool = True) -> None:
        maker, checker = self._staff("maker"), self._staff("checker")
        payout_runs.prepare(by=maker)
        self.played.settle()
        left = self._payee(leave) if leave else ""
        with db.reading() as session:
            drafts = [
                one
                for one in payout_lists.payouts(session, group="draft", limit=200)
                if one.payee_key != left
            ]
        hashes = {one.id: one.terms_hash for one in drafts}
        rewards.approve(
            sorted(hashes), hashes, by=checker, account_id=self.shanye.accounts["checker"]
        )
        self.played.settle()
        by_file = [one.id for one in drafts if one.rail != CONNECT]
        if by_file:
            batch_id = payout_files.write_file(by_file, by=maker)
            if confirm:
                payout_files.confirm_uploaded(batch_id, by=maker)

    def _delivered(self, good: str, shop: str) -> int:
        order_id = self._buy(good, shop).order_id
        clock.travel(clock.now() + timedelta(hours=20))
        parcels.hand_over(order_id, by=self._staff("staff"))
        clock.travel(clock.now() + timedelta(hours=24))
        parcels.deliver(order_id, by=self._staff("staff"))
        return order_id

    def _buy(
        self, good: str, shop: str | None, *, seen: Seen | None = None, counter: str = ""
    ) -> Bought:
        bought = self.played.buy(self._items(good, shop, counter), contact(BUYERS[1]), came_by=seen)
        self.played.settle()
        return bought

    def _send(self, good: str, shop: str) -> Bought:
        return self.played.send(self._items(good, shop, ""), contact(BUYERS[4]))

    def _items(self, good: str, shop: str | None, counter: str) -> list[Item]:
        return [
            Item(
                self.shanye.variants[good][0],
                1,
                self.shanye.points[shop] if shop else None,
                self.shanye.counters[counter] if counter else None,
            )
        ]

    def _payee(self, key: str) -> str:
        with db.reading() as session:
            payee_id = session.scalars(
                select(Point.payee_id).where(Point.id == self.shanye.points[key])
            ).one()
        return keys.payee(payee_id or 0)

    def _staff(self, part: str) -> str:
        return f"account:{self.shanye.accounts[part]}"
