"""What is under review at the point: why, until when, and its one answer."""

from typing import Any

from flask import Response, request

from shop.kernel import clock, db
from shop.kernel.errors import ShopError
from shop.kernel.i18n import _l
from shop.kernel.words import say
from shop.rewards import earnings, keys
from shop.rewards.abuse import cases, words
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.desk.routes import blueprint


@blueprint.get("/reviews")
@access.desk_owner
def reviews() -> Response:
    """Holds and rejections of this point, newest first."""
    return _page()


@blueprint.post("/reviews/<int:case_id>/answer")
@access.desk_owner
def answer_review(case_id: int) -> Any:
    """Say once what there is to say."""
    actor = current_actor()
    try:
        with db.unit_of_work() as session:
            cases.answer(
                session,
                case_id,
                point_id=actor.point_id or 0,
                text=request.form.get("text", ""),
                by=actor.key,
                at=clock.now(),
            )
    except ShopError as error:
        if error.status == 404:
            raise
        return _page(refused=case_id, message=say(error.message), status=error.status)
    return render.back_to(
        "desk.reviews", say_so=_l("Thank you. The brand reads it before deciding.")
    )


def _page(*, refused: int = 0, message: str = "", status: int = 200) -> Response:
    with db.reading() as session:
        found = cases.of_point(session, current_actor().point_id or 0)
        sales = [keys.sale(one.order_id) for one in found if one.order_id]
        numbers = earnings.order_numbers(session, sales)
    return render.page(
        "desk/reviews.html",
        status=status,
        cases=found,
        numbers={keys.number(key): number for key, number in numbers.items()},
        now=clock.now(),
        words=words,
        refused=refused,
        message=message,
        typed=request.form,
    )
