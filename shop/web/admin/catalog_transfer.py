"""Moving goods of one level to another place."""

from typing import Any, NamedTuple

from sqlalchemy.orm import Session
from wtforms import HiddenField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from shop.catalog import listing, locations, places
from shop.catalog.listing import StockRow
from shop.catalog.places import LotRow
from shop.catalog.transfers import transfer
from shop.kernel import clock, db, ids
from shop.kernel.errors import Conflict, Invalid, NotFound
from shop.kernel.i18n import _l, text_of
from shop.kernel.words import Words, say
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.admin.routes import blueprint
from shop.web.forms import Form, choices, label


class TransferForm(Form):
    to = SelectField(label("To the place"), [InputRequired()])
    units = StringField(label("Units"), [InputRequired(), Length(max=8)])
    lot = SelectField(label("Lot"), default="")
    """Not on the page of a variant without lots; then its default holds."""
    note = StringField(label("Note"), [Length(max=300)])
    once = HiddenField(validators=[InputRequired(), Length(max=40)])
    """Names this move, so that a form that is sent twice moves once."""


@blueprint.route("/stock/<int:level_id>/transfer", methods=["GET", "POST"])
@access.catalog_staff
def transfer_stock(level_id: int) -> Any:
    """Some of what is free goes to another place; sent twice, the form moves once."""
    form = TransferForm()
    with db.reading() as session:
        offered = _offer(session, form, _row(session, level_id))
    if not form.is_submitted():
        form.once.data = ids.public_token()
    if form.validate_on_submit():
        try:
            _move(form, level_id)
            return render.back_to(
                "admin.stock_level", level_id=level_id, say_so=_l("The goods have moved.")
            )
        except Invalid as error:
            form.blame(error)
        except Conflict as error:
            form.form_errors.append(say(error.message))
            form.once.data = ids.public_token()
    with db.reading() as session:
        row = _row(session, level_id)  # after a refusal the figures are others
    return render.page(
        "admin/catalog/transfer.html",
        status=422 if form.errors or form.form_errors else 200,
        form=form,
        row=row,
        offered=offered,
    )


def _move(form: TransferForm, level_id: int) -> None:
    units = (form.units.data or "").strip()
    if not (units.isascii() and units.isdigit()):
        raise Invalid(_l("Please say how many units, as a whole number above zero."), field="units")
    with db.unit_of_work() as session:
        transfer(
            session,
            level_id,
            int(units),
            to_location_id=int(form.to.data),
            lot_id=int(form.lot.data) if form.lot.data else None,
            note=(form.note.data or "").strip(),
            reason_id=f"form:{form.once.data}",
            by=current_actor().key,
            at=clock.now(),
        )


def _row(session: Session, level_id: int) -> StockRow:
    row = listing.stock_row(session, level_id)
    if row is None:
        raise NotFound(_l("There is no such stock level."))
    return row


class _Offered(NamedTuple):
    """Whether there is anything to choose."""

    places: bool
    lots: bool


def _offer(session: Session, form: TransferForm, row: StockRow) -> _Offered:
    free = places.free_by_place(session, row.variant_id, goods_owner=row.goods_owner)
    others = {
        place_id: _l("%(place)s (%(count)s free)", place=text_of(name), count=free.get(place_id, 0))
        for place_id, _code, name, is_open in locations.places(session)
        if is_open and place_id != row.location_id
    }
    lots = {lot.id: _lot_name(lot) for lot in places.lots(session, row.variant_id)}
    form.to.choices = choices({"": _l("Please choose"), **others})
    form.lot.choices = choices({"": _l("No lot named"), **lots})
    return _Offered(bool(others), bool(lots))


def _lot_name(lot: LotRow) -> Words | str:
    if lot.best_before is None:
        return lot.code
    return _l("%(lot)s, best before %(day)s", lot=lot.code, day=lot.best_before.isoformat())
