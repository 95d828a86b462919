"""Imports: upload, trial, report, the real run, retry of what failed, and an empty file to fill."""

from typing import Any

from flask import Response, request, stream_with_context

from shop.catalog import exporter, import_report, importer
from shop.catalog.csv_problems import sentence
from shop.catalog.import_report import STATUSES
from shop.catalog.importer import Options
from shop.kernel import clock, db
from shop.kernel.csv_files import ENCODINGS, BadFile
from shop.kernel.errors import Invalid
from shop.kernel.i18n import LOCALES, _l
from shop.kernel.words import Words
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.admin.catalog_form import Typed
from shop.web.admin.routes import blueprint

RESULTS = {
    "created": _l("New"),
    "updated": _l("Changed"),
    "unchanged": _l("Unchanged"),
    "failed": _l("Not taken"),
}


@blueprint.get("/imports")
@access.catalog_staff
def imports() -> Response:
    """The last imports, and a form for the next."""
    return _list(Typed({"language": LOCALES[0]}))


@blueprint.post("/imports")
@access.catalog_staff
def start_import() -> Any:
    """Take a file and try it out; nothing is changed yet."""
    typed = Typed(request.form)
    file = request.files.get("file")
    try:
        if file is None or not file.filename:
            raise BadFile(_l("Please choose a file."))
        with db.unit_of_work() as session:
            job_id = importer.start(
                session,
                file.read(),
                file.filename,
                _options(typed),
                dry_run=True,
                by=current_actor().key,
                at=clock.now(),
            )
    except Invalid as error:
        typed.blame(error)
        return _list(typed, status=422)
    return render.back_to("admin.import_page", job_id=job_id)


@blueprint.get("/imports/template")
@access.catalog_staff
def import_template() -> Response:
    """An empty file with every column that has a meaning."""
    answer = Response(exporter.template(), mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="products-template.csv"'
    return answer


@blueprint.get("/imports/<int:job_id>")
@access.catalog_staff
def import_page(job_id: int) -> Response:
    """Progress, then the report."""
    status = request.args.get("status", "")
    with db.reading() as session:
        job = importer.INTAKE.one(session, job_id)
        counts = import_report.counts(session, job_id)
        page = import_report.report(
            session,
            job_id,
            status=status if status in STATUSES else "",
            after=request.args.get("after", ""),
        )
    problem = job.report.get("problem")
    return render.page(
        "admin/catalog/import.html",
        job=job,
        options=importer.options_of(job),
        counts=counts,
        page=page,
        results=RESULTS,
        sentence=sentence,
        refusal=Words(problem["msgid"], problem["values"]) if problem else None,
    )


@blueprint.post("/imports/<int:job_id>/run")
@access.catalog_staff
def run_import(job_id: int) -> Any:
    """After the trial: bring the file in."""
    with db.unit_of_work() as session:
        real_id = importer.run_for_real(session, job_id, by=current_actor().key, at=clock.now())
    return render.back_to("admin.import_page", job_id=real_id)


@blueprint.post("/imports/<int:job_id>/retry")
@access.catalog_staff
def retry_import(job_id: int) -> Any:
    """Take once more what failed."""
    with db.unit_of_work() as session:
        again_id = importer.retry(session, job_id, by=current_actor().key, at=clock.now())
    return render.back_to("admin.import_page", job_id=again_id)


@blueprint.get("/imports/<int:job_id>/failed")
@access.catalog_staff
def failed_rows(job_id: int) -> Response:
    """The rows that were not taken, with the reasons, to correct and send again."""
    with db.reading() as session:
        sheet = importer.sheet_of(importer.INTAKE.one(session, job_id))

    def lines() -> Any:
        with db.reading() as session:
            yield from import_report.failed_rows(session, job_id, sheet)

    answer = Response(stream_with_context(lines()), mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="products-to-correct.csv"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _list(typed: Typed, *, status: int = 200) -> Response:
    with db.reading() as session:
        jobs = importer.INTAKE.latest(session)
    return render.page(
        "admin/catalog/imports.html", status=status, jobs=jobs, typed=typed, encodings=ENCODINGS
    )


def _options(typed: Typed) -> Options:
    encoding = typed.get("encoding")
    return Options(
        language=typed.get("language"),
        update_stock=bool(typed.get("update_stock")),
        blank_clears=bool(typed.get("blank_clears")),
        encoding=encoding if encoding in ENCODINGS else "",
    )
