"""Posts, the accident categories that ship with the site, and licences demanded."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied

from people.actions.posts import archive_post, restore_post, save_post
from people.errors import PostRefused
from people.models import Hazard, HazardStandard, Post
from people.queries.posts import is_used, posts_with_people
from people.signals import post_demands_changed
from tests.factories.people import (
    AssignmentFactory,
    HazardFactory,
    PostFactory,
    RoleGrantFactory,
    UserFactory,
)
from tests.factories.training import LicenceTypeFactory

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 20, 1, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 20)


def save(**values):
    return save_post(**{"name": "电工", "acting_user": None, "now": NOW, **values})


def test_two_standards_ship_with_the_site_marked_as_not_compared():
    counts = {standard.code: (standard.year, standard.hazards.count(), standard.trust)
              for standard in HazardStandard.objects.all()}  # fmt: skip
    assert counts == {"GB 6441-2025": (2025, 27, "secondary"), "GB 6441-1986": (1986, 20, "secondary")}
    assert HazardStandard.objects.get(year=1986).in_force_before == dt.date(2026, 7, 1)
    assert Hazard.objects.filter(name="触电").count() == 2
    assert str(Hazard.objects.get(name="跌落")) == "跌落（GB 6441-2025）"


def test_save_creates_then_changes_and_tells_of_demands_once():
    heard = []

    def listen(*, event, **_):
        heard.append(event.post_id)

    post_demands_changed.connect(listen)
    try:
        licence, hazard = LicenceTypeFactory(), HazardFactory()
        post = save(hazards=[hazard], demanded_licences=[licence], code="P1")
        assert heard == [post.pk]
        again = save(hazards=[hazard], demanded_licences=[licence], is_safety_manager=True)
        assert (again, again.code, again.is_safety_manager, heard) == (post, "P1", True, [post.pk])
        save(post=post, name="值班电工", code="")
        assert (Post.objects.get().name, Post.objects.get().code, heard) == ("值班电工", None, [post.pk] * 2)
    finally:
        post_demands_changed.disconnect(listen)


def test_names_and_codes_are_unique_and_the_message_says_so():
    save(code="P1")
    other = save(name="车工")
    for values, message in (
        ({"name": "电工"}, "已有岗位“电工”"),
        ({"name": "车工", "code": "P1"}, "编码 P1"),
    ):
        with pytest.raises(PostRefused, match=message):
            save(post=other, **values)


def test_archive_waits_for_the_people_and_can_be_undone():
    post = PostFactory(name="车工")
    stay = AssignmentFactory(post=post, ends_before=TODAY + dt.timedelta(1))

    def archive():
        archive_post(post=post, acting_user=None, now=NOW)

    with pytest.raises(PostRefused, match="还有 1 人在岗位“车工”上"):
        archive()
    stay.ends_before = TODAY
    stay.save()
    archive()
    archive()
    assert Post.objects.get().archived_on == TODAY
    for _ in range(2):
        restore_post(post=post, acting_user=None, now=NOW)
    assert Post.objects.get().archived_on is None
    assert is_used(post)
    assert not is_used(PostFactory())


def test_changing_posts_needs_the_capability():
    post = PostFactory()
    for user in (UserFactory(), RoleGrantFactory(role="team_leader").user):
        for call in (archive_post, restore_post):
            with pytest.raises(PermissionDenied):
                call(post=post, acting_user=user, now=NOW)
        with pytest.raises(PermissionDenied):
            save(acting_user=user)


@pytest.mark.parametrize("count", [1, 3])
def test_people_are_counted_once_in_one_query(django_assert_num_queries, count):
    post = PostFactory()
    for _ in range(count):
        AssignmentFactory(post=post)
    AssignmentFactory(post=post, ends_before=TODAY)
    AssignmentFactory(post=post, kind="secondment")
    PostFactory()
    with django_assert_num_queries(1):
        assert sorted(found.people for found in posts_with_people(TODAY)) == [0, count]
