"""Points in and out as a spreadsheet: upload, dry run, report, run, progress, retry."""

from typing import Any

from flask import Response, request, stream_with_context

from shop.accounts import queries as accounts
from shop.kernel import audit, clock, db
from shop.kernel.errors import Invalid, ShopError
from shop.kernel.i18n import _l
from shop.kernel.words import Words, say
from shop.network import exporter, importer
from shop.network.import_rows import COLUMNS, sentence
from shop.network.importer import Options
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.admin.routes import blueprint

SHOWN = 200
_TEMPLATE = (
    "\ufeffexternal_key,parent_key,kind,name,phone,email,province,city,district,address,group,"
    "grade,territory,contract,slug,owner\r\n"
    "D-001,,dealer,杭州总经销,,,浙江省,杭州市,,,,,3301,HT-2026-01,hangzhou,dealer@example.com\r\n"
    "S-001,D-001,store,西湖店,13800138000,,浙江省,杭州市,西湖区,文三路100号,,,,,,13800138000\r\n"
)


@blueprint.route("/points/import", methods=["GET", "POST"])
@access.network_staff
def import_points() -> Any:
    """Upload; the first run only looks."""
    error: ShopError | None = None
    if request.method == "POST":
        try:
            import_id = _start()
            return render.back_to("admin.points_import", import_id=import_id)
        except Invalid as refused:
            error = refused
    with db.reading() as session:
        jobs = importer.INTAKE.latest(session)
        names = accounts.names_of(session, {job.by for job in jobs})
    return render.page(
        "admin/points/import.html",
        status=422 if error else 200,
        message=say(error.message) if error else "",
        jobs=jobs,
        names=names,
        failed={job.id: len(importer.failed_lines(job)) for job in jobs},
        columns=COLUMNS,
    )


@blueprint.get("/points/import/<int:import_id>")
@access.network_staff
def points_import(import_id: int) -> Response:
    """How far it is, and what became of each row."""
    with db.reading() as session:
        job = importer.INTAKE.one(session, import_id)
        names = accounts.names_of(session, {job.by})
    problems = job.report.get("problems", [])
    fatal = job.report.get("problem")
    return render.page(
        "admin/points/import_job.html",
        job=job,
        names=names,
        failed=len(importer.failed_lines(job)),
        counts={name: job.report.get(name, 0) for name in importer.COUNTS},
        problems=[(one, sentence(one)) for one in problems[:SHOWN]],
        hidden=max(0, len(problems) - SHOWN),
        fatal=Words(fatal["msgid"], fatal["values"]) if fatal else "",
        runs=job.status in ("pending", "processing"),
    )


@blueprint.post("/points/import/<int:import_id>/run")
@access.network_staff
def run_points_import(import_id: int) -> Any:
    """After the dry run: for real."""
    with db.unit_of_work() as session:
        new_id = importer.run_for_real(session, import_id, by=current_actor().key, at=clock.now())
    return render.back_to("admin.points_import", import_id=new_id)


@blueprint.post("/points/import/<int:import_id>/retry")
@access.network_staff
def retry_points_import(import_id: int) -> Any:
    """The failed rows once more."""
    with db.unit_of_work() as session:
        new_id = importer.retry(session, import_id, by=current_actor().key, at=clock.now())
    return render.back_to("admin.points_import", import_id=new_id)


@blueprint.get("/points/import/template.csv")
@access.network_staff
def points_template() -> Response:
    """An example to fill in."""
    return _file([_TEMPLATE], "points-template.csv")


@blueprint.get("/points/export")
@access.network_staff
def export_points() -> Response:
    """All points, as the import reads them."""
    at = clock.now()
    with db.unit_of_work() as session:
        audit.record(session, "network.exported", "network", "all", by=current_actor().key, at=at)
    return _file(stream_with_context(exporter.rows()), f"points-{render.stamp(at)}.csv")


def _start() -> int:
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        raise Invalid(_l("Please choose a file."), field="file")
    if not upload.filename.lower().endswith((".csv", ".txt", ".tsv")):
        raise Invalid(_l("Please save the table as CSV and choose that file."), field="file")
    with db.unit_of_work() as session:
        return importer.start(
            session,
            upload.read(),
            upload.filename,
            Options(invite="invite" in request.form),
            dry_run=True,
            by=current_actor().key,
            at=clock.now(),
        )


def _file(content: Any, name: str) -> Response:
    answer = Response(content, mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
