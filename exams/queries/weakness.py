"""Where knowledge is weak, from the topic scores of first attempts. Four statements for any number of them."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, QuerySet, Sum

from exams import weakness
from exams.models import AttemptState, Topic, TopicScore
from exams.weakness import TopicSum, WeaknessTable, rows_of, weakness_table
from people.models import OrgUnit, Post
from people.permissions import Scope

ENOUGH = 5  # attempts below which a share is shown without a judgement


@dataclass(frozen=True, slots=True)
class Weaknesses:
    """The table by unit and the one by post of the same scores, with the names of their rows and topics.

    A row 0 of `by_unit` are the people who stood in the unit itself, 0 of `by_post` those without a post.
    """

    by_unit: WeaknessTable
    by_post: WeaknessTable
    units: dict[int, OrgUnit]
    posts: dict[int, str]
    topics: dict[int, str]

    @property
    def is_empty(self) -> bool:
        """Tell whether nobody's answers fall into what was asked."""
        return not self.by_post.topics


def topic_scores_in(
    scope: Scope, since: dt.date, until: dt.date, post_id: int | None
) -> QuerySet[TopicScore]:
    """Return the scores of first attempts handed in between two days, both included, by people of a scope."""
    scores = TopicScore.objects.filter(
        is_first=True,
        attempt__state=AttemptState.GRADED,
        handed_in_on__gte=since,
        handed_in_on__lte=until,
    )
    if not scope.everything:  # an empty condition joined by "or" would leave only the other
        scores = scores.filter(scope.q("unit__path") | scope.q("employer__path"))
    return scores.filter(post=post_id) if post_id else scores


def weaknesses(
    scope: Scope, *, unit: OrgUnit | None, since: dt.date, until: dt.date, post_id: int | None = None
) -> Weaknesses:
    """Return what the people of a scope (narrowed to `unit`, if given) know least, by unit and by post.

    The rows by unit are the units right below `unit`, or the topmost ones of the scope.
    """
    asked = Scope(paths=(unit.path,)) if unit else scope
    children = _rows(asked, unit)
    rows = [(child.pk, child.path) for child in children]
    sums = (
        topic_scores_in(asked, since, until, post_id)
        .order_by()
        .values_list("topic_id", "post_id", "unit__path", "employer__path")
        .annotate(Count("attempt"), Sum("earned"), Sum("possible"))
    )
    by_unit: list[TopicSum] = []
    by_post: list[TopicSum] = []
    for topic_id, post, path, firm_path, attempts, earned, possible in sums:
        found = weakness.Sum(attempts, earned, possible)
        by_unit.append(TopicSum(topic_id, rows_of(path or "", firm_path or "", rows) or (0,), found))
        by_post.append(TopicSum(topic_id, (post or 0,), found))
    topic_ids = {each.topic_id for each in by_post}
    return Weaknesses(
        by_unit=weakness_table(by_unit, ENOUGH),
        by_post=weakness_table(by_post, ENOUGH),
        units={child.pk: child for child in children},
        posts=dict(Post.objects.filter(pk__in={each.rows[0] for each in by_post}).values_list("pk", "name")),
        topics=dict(Topic.objects.filter(pk__in=topic_ids).values_list("pk", "name")),
    )


def _rows(scope: Scope, unit: OrgUnit | None) -> Sequence[OrgUnit]:
    """Return the units right below the one asked for; without one, the first level of the scope that has several."""
    inside = list(OrgUnit.objects.filter(scope.q("path")).order_by("path"))
    level = unit.depth + 1 if unit else min((each.depth for each in inside), default=0)
    deepest = max((each.depth for each in inside), default=0)
    while True:
        rows = [each for each in inside if each.depth == level]
        if unit or len(rows) != 1 or level >= deepest:
            return rows
        level += 1
