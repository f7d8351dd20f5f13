"""How the rows of study are locked: always the person first, then the session with its progress."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from courses.errors import SessionTakenOver, SessionUnknown
from courses.models import PlaySession
from people.models import Employee


def locked_person(employee_id: int) -> Employee:
    """Lock a person, always before their session: with one order of locks nobody waits in a ring."""
    return Employee.objects.select_for_update(no_key=True).get(pk=employee_id)


def locked_session(public_id: UUID, employee_id: int | QuerySet[Employee, Any]) -> PlaySession:
    """Lock a person's session with its progress; raise SessionUnknown if it is not theirs or never was.

    The person may be given as the query that finds their key; it then costs no statement of its own.
    """
    key: Any = employee_id  # the checker's lookup knows keys alone, the database a query just as well
    # The check a progress may wait for is not joined: few beats meet one, and they may read it by themselves.
    sessions = PlaySession.objects.select_for_update(of=("self", "progress")).select_related("progress")
    try:
        return sessions.get(public_id=public_id, employee_id=key)
    except PlaySession.DoesNotExist as error:
        raise SessionUnknown(_("找不到这次学习，请刷新页面重新开始；已记录的进度不会丢。")) from error


def refuse_closed(session: PlaySession) -> None:
    """Raise SessionTakenOver if the person has since opened a lesson elsewhere."""
    if session.closed_at is not None:
        raise SessionTakenOver(_("您已在另一处打开课件，这里不再计时。要在这里继续，请点“在这里继续学习”。"))
