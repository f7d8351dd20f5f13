"""The one way a message is made."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from common.rows import insert_values
from notices.models import Channel, Notice
from notices.queries import unread_notices

_DRAFTED = ("recipient", "cause", "title", "body", "link")


@dataclass(frozen=True, slots=True)
class NoticeDraft:
    """A message to be sent to one person, once per `cause`."""

    recipient_id: int
    cause: str
    title: str
    body: str = ""
    link: str = ""


def send_notice(
    *, recipient_id: int, cause: str, title: str, body: str = "", link: str = "", now: dt.datetime
) -> bool:
    """Put a message into a person's inbox, once per cause; return whether it is new.

    Called again with the same cause it does nothing, so the callers need not know what was sent before. A
    long title is cut. Raises ValueError for a cause or link that does not fit its column.
    """
    _, _, fitted, _, _ = _fitted(NoticeDraft(recipient_id, cause, title, body, link))
    _, created = Notice.objects.get_or_create(
        recipient_id=recipient_id,
        channel=Channel.INBOX,
        cause=cause,
        defaults={"title": fitted, "body": body, "link": link, "created_at": now, "sent_at": now},
    )
    return created


def send_notices(*, drafts: Iterable[NoticeDraft], now: dt.datetime) -> None:
    """Put many messages into inboxes, each once per person and cause, in few statements.

    Titles, causes and links as for `send_notice`; with one that does not fit, nothing is sent.
    """
    rows = [(*_fitted(draft), Channel.INBOX, now, now) for draft in drafts]
    insert_values(Notice, (*_DRAFTED, "channel", "created_at", "sent_at"), rows, ignore_conflicts=True)


def _fitted(draft: NoticeDraft) -> tuple[int, str, str, str, str]:
    """Return the values of a draft (_DRAFTED) fitted to their columns, which SQLite does not enforce.

    A cut cause would make two messages one, and a cut link leads nowhere; a cut title still tells.
    """
    for name in ("cause", "link"):
        if len(getattr(draft, name)) > _max_length(name):
            raise ValueError(f"the {name} of a notice has at most {_max_length(name)} characters: {draft}")
    limit = _max_length("title")
    title = draft.title if len(draft.title) <= limit else draft.title[: limit - 1] + "…"
    return draft.recipient_id, draft.cause, title, draft.body, draft.link


@cache
def _max_length(name: str) -> int:
    return getattr(Notice._meta.get_field(name), "max_length", None) or 0


def mark_all_read(*, recipient_id: int, now: dt.datetime) -> int:
    """Mark the unread messages in a person's inbox as read; return how many there were."""
    return unread_notices(recipient_id).update(read_at=now)
