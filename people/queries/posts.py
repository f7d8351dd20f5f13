"""Read posts with how many people hold them."""

import datetime as dt

from django.db.models import Count, Q, QuerySet

from people.models import AssignmentKind, EmploymentEvent, Post


def posts_with_people(on: dt.date) -> QuerySet[Post]:
    """Return the posts, each with `people`: how many hold it on a day."""
    held = Q(assignments__kind=AssignmentKind.PRIMARY, assignments__starts_on__lte=on) & (
        Q(assignments__ends_before=None) | Q(assignments__ends_before__gt=on)
    )
    return Post.objects.annotate(people=Count("assignments__employee", filter=held, distinct=True))


def is_used(post: Post) -> bool:
    """Tell whether anybody ever held a post, or an event names it. At most two queries."""
    return (
        post.assignments.exists()
        or EmploymentEvent.objects.filter(Q(from_post=post) | Q(to_post=post)).exists()
    )
