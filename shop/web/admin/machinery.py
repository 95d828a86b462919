"""Jobs that were given up and events that failed: look at the error, then try again."""

from typing import Any

from flask import Response, request

from shop.gateway import inbox
from shop.kernel import audit, clock, db, jobs
from shop.kernel.i18n import _l
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.admin.routes import blueprint


@blueprint.get("/machinery")
@access.admin
def machinery() -> Response:
    """What the machines could not finish."""
    with db.reading() as session:
        waiting, since = jobs.backlog(session)
        return render.page(
            "admin/machinery/list.html",
            dead=jobs.dead(session),
            troubled=inbox.troubled(session),
            waiting=waiting,
            since=since,
        )


@blueprint.post("/machinery/jobs")
@access.admin
def revive_jobs() -> Any:
    """Give dead jobs their tries back: one, or all."""
    at, actor, wanted = clock.now(), current_actor(), request.form.get("job", "")
    with db.unit_of_work() as session:
        chosen = [job.id for job in jobs.dead(session) if wanted in ("all", str(job.id))]
        revived = [job_id for job_id in chosen if jobs.revive(session, job_id, at=at)]
        for job_id in revived:
            audit.record(session, "job.revived", "job", job_id, by=actor.key, at=at)
    return render.back_to(
        "admin.machinery", say_so=_l("%(count)s jobs will be tried again.", count=len(revived))
    )


@blueprint.post("/machinery/events/<int:inbox_id>")
@access.admin
def replay_event(inbox_id: int) -> Any:
    """Work a stored event off once more; doing it twice does no harm."""
    at, actor = clock.now(), current_actor()
    with db.unit_of_work() as session:
        inbox.replay(session, inbox_id, at=at)
        audit.record(session, "event.replayed", "inbox_event", inbox_id, by=actor.key, at=at)
    return render.back_to("admin.machinery", say_so=_l("The event is worked off again."))
