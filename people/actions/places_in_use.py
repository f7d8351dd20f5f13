"""Whether a unit still takes people, and a post holders."""

from collections.abc import Collection, Mapping

from people.errors import EmploymentRefused
from people.models import OrgUnit, Post
from people.queries import UnitEntry
from people.roster import Problem


def refuse_out_of_use(
    *,
    units: Collection[tuple[str, OrgUnit]],
    posts: Collection[Post],
    directory: Mapping[int, UnitEntry],
) -> None:
    """Raise EmploymentRefused if nobody may come to one of these units or posts any more.

    `units` name the field of each (unit, employer). Codes `closed_unit` and `archived_post`. One query if there
    are posts.
    """
    for field, unit in units:
        entry = directory[unit.pk]
        if entry.closed_on is not None:
            raise EmploymentRefused(Problem(1, field, "closed_unit", {"name": entry.full_name}))
    archived = Post.objects.filter(pk__in=[post.pk for post in posts]).exclude(archived_on=None).first()
    if archived is not None:
        raise EmploymentRefused(Problem(1, "post", "archived_post", {"name": archived.name}))


def closed_above(full_name: str, closed: Collection[str]) -> str:
    """Return the lowest closed unit on a full path, "" if none is: what is below a closed unit takes nobody."""
    while full_name and full_name not in closed:
        full_name = full_name.rpartition("/")[0]
    return full_name
