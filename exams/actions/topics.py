"""Topics that come with questions from elsewhere."""

import hashlib
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from exams.models import Topic
from exams.permissions import require_writer
from people.audit import record_audit
from people.models import User

UNSORTED = "unsorted"


@transaction.atomic
def ensure_topics(*, names: Iterable[str], acting_user: User | None) -> dict[str, Topic]:
    """Return topics by the names or codes given, and make those that are missing.

    The empty name stands for "unsorted". Names are cut at 60 characters. Two statements, one more and an audit
    entry each for those that are new. Raises: PermissionDenied.
    """
    require_writer(acting_user)
    wanted = {name: name[:60] for name in names}
    codes = {name: _code_of(name) for name in wanted}
    known = Topic.objects.filter(
        Q(name__in=[*wanted.values()]) | Q(code__in=[*codes.values(), *(name[:40] for name in wanted)])
    )
    by_code = {topic.code: topic for topic in known}
    by_name = {topic.name: topic for topic in known}
    found = {}
    for name, short in wanted.items():
        topic = (by_name.get(short) or by_code.get(name)) if name else None
        topic = topic or by_code.get(codes[name])
        if topic is None:
            topic = Topic.objects.create(code=codes[name], name=short or _("未分类"))
            by_code[topic.code] = by_name[topic.name] = topic
            record_audit(topic, "exams.topic.save", acting_user)
        found[name] = topic
    return found


def _code_of(name: str) -> str:
    return f"t-{hashlib.sha256(name.encode()).hexdigest()[:12]}" if name else UNSORTED
