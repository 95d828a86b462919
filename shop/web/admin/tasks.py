"""What waits for somebody, each figure a link to the list behind it."""

from flask import Response

from shop.kernel import db
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.admin import figures, menu
from shop.web.admin.routes import blueprint


@blueprint.get("/")
@access.any_staff
def tasks() -> Response:
    """The front page of the brand's desk."""
    actor = current_actor()
    with db.reading() as session:
        counts = figures.tasks(session, actor.staff_roles, by=actor.key)
    open_ones = [task for task in counts if menu.is_open(task.endpoint)]
    return render.page("admin/tasks.html", tasks=open_ones)
