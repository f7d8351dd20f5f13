"""Read the film library; every film named by id goes through here."""

from django.contrib.auth.models import AnonymousUser
from django.contrib.contenttypes.models import ContentType
from django.db.models import F, Q, QuerySet
from wagtail.models import Page, ReferenceIndex
from wagtail.permissions import policy_registry

from courses.models import Film, FilmSubtitle, LessonPage, PlayerSettings
from courses.queries.access import readable
from jobs.models import Job, JobState
from people.models import User
from people.permissions import Capability, allows
from people.queries import employee_of

NUMBER_END = 4  # characters of the employee number in the name over a film


def may_edit_films(user: User | AnonymousUser) -> bool:
    """Tell whether `user` works in the film library: by a role that runs today, and by Wagtail's permissions."""
    if not allows(user, Capability.EDIT_CONTENT):
        return False
    policy = policy_registry.get_by_type(Film)
    return bool(policy.user_has_any_permission(user, ["add", "change", "delete"]))


def get_film_for(user: User | AnonymousUser, pk: int) -> Film:
    """Return a film that stands in a live lesson `user` may see, or any film to those who edit films.

    Raises Film.DoesNotExist otherwise; views answer 404.
    """
    film: Film | None = (
        Film.objects.filter(pk=pk).first() if user.is_authenticated and user.is_active else None
    )
    if film is None:
        raise Film.DoesNotExist
    if may_edit_films(user) or readable(user, lessons_showing(film)).exists():
        return film
    raise Film.DoesNotExist


def lessons_showing(film: Film) -> QuerySet[LessonPage]:
    """Return the live lessons that show a film, as their own or inside their text."""
    return _lessons_with(film).filter(live=True)


def pages_using(film: Film) -> list[str]:
    """Return the titles of the lessons that use a film, drafts included."""
    return list(_lessons_with(film).values_list("title", flat=True))


def _lessons_with(film: Film) -> QuerySet[LessonPage]:
    in_text = ReferenceIndex.get_references_to(film).filter(
        base_content_type=ContentType.objects.get_for_model(Page)
    )
    page_ids = [int(pk) for pk in in_text.values_list("object_id", flat=True).distinct()]
    found: QuerySet[LessonPage] = LessonPage.objects.filter(Q(film=film) | Q(pk__in=page_ids))
    return found.order_by("path")


def get_subtitle_for(user: User | AnonymousUser, film_pk: int, language: str) -> FilmSubtitle:
    """Return a film's subtitles in one language to whoever may see the film.

    Raises Film.DoesNotExist or FilmSubtitle.DoesNotExist; views answer 404.
    """
    return FilmSubtitle.objects.get(film=get_film_for(user, film_pk), language=language)


def name_mark(user: User | AnonymousUser) -> str:
    """Return the name that stands over a film for `user`: with the end of the employee number; empty if switched off.

    Two people of one name are told apart by the number, and a photograph of the screen shows no more of it.
    """
    if not PlayerSettings.objects.filter(pk=PlayerSettings.ONLY, has_name_mark=True).exists():
        return ""
    employee = employee_of(user)
    if employee is None:
        return str(user.get_username())
    return f"{employee.name} {employee.employee_no[-NUMBER_END:]}"


def encoding_job_of(film: Film) -> Job | None:
    """Return the job that encodes a film and has not come to an end, if there is one."""
    return Job.objects.filter(
        task="courses.tasks.encode_film",
        params__film_id=film.pk,
        state__in=(JobState.QUEUED, JobState.RUNNING),
    ).first()


def films_to_encode() -> QuerySet[Film]:
    """Return the films and sounds of which nothing, or only of an earlier file, was made for playing."""
    films: QuerySet[Film] = Film.objects.exclude(encoding__source_sha256=F("sha256")).order_by("pk")
    return films
