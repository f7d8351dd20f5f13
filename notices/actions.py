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

    Called again with the same cause it does nothing, so the callers need not know what was sent before.
    """
    _, created = Notice.objects.get_or_create(
        recipient_id=recipient_id,
        channel=Channel.INBOX,
        cause=cause,
        defaults={"title": title, "body": body, "link": link, "created_at": now, "sent_at": now},
    )
    return created


def send_notices(*, drafts: Iterable[NoticeDraft], now: dt.datetime) -> None:
    """Put many messages into inboxes, each once per person and cause, in few statements."""
    Notice.objects.bulk_create(
        [
            Notice(
                recipient_id=draft.recipient_id,
                channel=Channel.INBOX,
                cause=draft.cause,
                title=draft.title,
                body=draft.body,
                link=draft.link,
                created_at=now,
                sent_at=now,
            )
            for draft in drafts
        ],
        ignore_conflicts=True,
    )


def mark_all_read(*, recipient_id: int, now: dt.datetime) -> int:
    """Mark the unread messages in a person's inbox as read; return how many there were."""
    return unread_notices(recipient_id).update(read_at=now)
