"""One published version of the plan with its evidence: to read, to print, to keep as a file."""

from flask import Response, abort

from shop.kernel import db
from shop.rewards import evidence_pdf
from shop.rewards import plan as plans
from shop.web import access, plan_evidence, render, statement_answers
from shop.web.admin.routes import blueprint
from shop.web.plan_evidence import Sheet


@blueprint.get("/plan/versions/<int:number>")
@access.finance
def plan_version(number: int) -> Response:
    """What the version was checked against, who approved it, what it pays for and promises."""
    return render.page("admin/plan/version.html", sheet=_sheet(number))


@blueprint.get("/plan/versions/<int:number>/evidence.pdf")
@access.finance
def plan_evidence_file(number: int) -> Response:
    """The same on paper."""
    sheet = _sheet(number)
    content = evidence_pdf.write(
        sheet.brand,
        sheet.title,
        [(part.title, part.facts) for part in sheet.parts],
        at=sheet.version.published_at,
    )
    return statement_answers.pdf(content, f"plan-version-{number}")


def _sheet(number: int) -> Sheet:
    with db.reading() as session:
        version = plans.version(session, number)
        if version is None:
            abort(404)
        return plan_evidence.sheet_of(session, version)
