"""The one way a message is made."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from notices.models import Channel, Notice
from notices.queries import unread_notices


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
    notice = _notice(NoticeDraft(recipient_id, cause, title, body, link), now)
    _, created = Notice.objects.get_or_create(
        recipient_id=notice.recipient_id,
        channel=notice.channel,
        cause=notice.cause,
        defaults={
            "title": notice.title,
            "body": notice.body,
            "link": notice.link,
            "created_at": now,
            "sent_at": now,
        },
    )
    return created


def send_notices(*, drafts: Iterable[NoticeDraft], now: dt.datetime) -> None:
    """Put many messages into inboxes, each once per person and cause, in few statements.

    Titles, causes and links as for `send_notice`; with one that does not fit, nothing is sent.
    """
    Notice.objects.bulk_create([_notice(draft, now) for draft in drafts], ignore_conflicts=True)


def _notice(draft: NoticeDraft, now: dt.datetime) -> Notice:
    """Return the message of a draft, fitted to its columns, which PostgreSQL enforces and SQLite does not.

    A cut cause would make two messages one, and a cut link leads nowhere; a cut title still tells.
    """
    limits = {name: _max_length(name) for name in ("cause", "title", "link")}
    for name in ("cause", "link"):
        if len(getattr(draft, name)) > limits[name]:
            raise ValueError(f"the {name} of a notice has at most {limits[name]} characters: {draft}")
    fits = len(draft.title) <= limits["title"]
    return Notice(
        recipient_id=draft.recipient_id,
        channel=Channel.INBOX,
        cause=draft.cause,
        title=draft.title if fits else draft.title[: limits["title"] - 1] + "…",
        body=draft.body,
        link=draft.link,
        created_at=now,
        sent_at=now,
    )


def _max_length(name: str) -> int:
    return getattr(Notice._meta.get_field(name), "max_length", None) or 0


def mark_all_read(*, recipient_id: int, now: dt.datetime) -> int:
    """Mark the unread messages in a person's inbox as read; return how many there were."""
    return unread_notices(recipient_id).update(read_at=now)
