import datetime as dt

import pytest

from notices.actions import NoticeDraft, mark_all_read, send_notice, send_notices
from notices.models import Channel, Notice
from notices.queries import unread_notices
from tests.factories.people import UserFactory
from tests.threads import in_threads

NOW = dt.datetime(2026, 3, 9, 1, 0, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(hours=1)


def send(user, cause="obligation:1:created", **changes):
    fields = {"title": "新的培训任务", "now": NOW, **changes}
    return send_notice(recipient_id=user.pk, cause=cause, **fields)


@pytest.mark.django_db
def test_message_reaches_the_inbox_once_per_cause():
    user = UserFactory()
    assert send(user, body="请在 3 月 16 日前完成", link="/tasks/1/")
    assert not send(user, title="又一次", now=LATER)
    notice = Notice.objects.get()
    assert (notice.title, notice.body, notice.link) == ("新的培训任务", "请在 3 月 16 日前完成", "/tasks/1/")
    assert (notice.channel, notice.created_at, notice.sent_at) == (Channel.INBOX, NOW, NOW)
    assert notice.read_at is None


@pytest.mark.django_db
def test_other_people_and_other_causes_are_told_apart():
    user, other = UserFactory(), UserFactory()
    assert send(user)
    assert send(other)
    assert send(user, cause="obligation:2:created")


@pytest.mark.django_db
def test_message_read_before_does_not_come_back():
    user = UserFactory()
    send(user)
    mark_all_read(recipient_id=user.pk, now=NOW)
    assert not send(user, now=LATER)
    assert not unread_notices(user.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_two_at_once_send_one():
    user = UserFactory()
    assert sorted(in_threads(lambda: send(user), lambda: send(user))) == [False, True]


@pytest.mark.django_db
def test_many_are_sent_in_one_statement_and_once_each(django_assert_num_queries):
    users = UserFactory.create_batch(3)
    send(users[0])
    drafts = [NoticeDraft(user.pk, "obligation:1:created", "任务") for user in users]
    with django_assert_num_queries(1):
        send_notices(drafts=[*drafts, drafts[1]], now=LATER)
    assert sorted(Notice.objects.values_list("recipient_id", "title")) == sorted(
        [(users[0].pk, "新的培训任务"), (users[1].pk, "任务"), (users[2].pk, "任务")]
    )


@pytest.mark.django_db
def test_sending_nothing_is_fine():
    send_notices(drafts=[], now=NOW)
    assert not Notice.objects.exists()


@pytest.mark.django_db
def test_long_title_is_cut_and_says_so():
    user = UserFactory()
    send(user, title="岗" * 121)
    send_notices(drafts=[NoticeDraft(user.pk, "other", "岗" * 300)], now=NOW)
    assert set(Notice.objects.values_list("title", flat=True)) == {"岗" * 119 + "…"}


@pytest.mark.django_db
@pytest.mark.parametrize("wrong", [{"cause": "x" * 121}, {"link": "/" * 301}])
def test_cause_and_link_are_never_cut(wrong):
    user = UserFactory()
    with pytest.raises(ValueError, match=next(iter(wrong))):
        send(user, **{"cause": "c", **wrong})
    fitting = NoticeDraft(user.pk, "fits", "任务")
    with pytest.raises(ValueError, match=next(iter(wrong))):
        send_notices(drafts=[fitting, NoticeDraft(user.pk, **{"cause": "c", "title": "t", **wrong})], now=NOW)
    assert not Notice.objects.exists()


@pytest.mark.django_db
def test_reading_marks_ones_own_unread_messages(django_assert_num_queries):
    user, other = UserFactory(), UserFactory()
    send(user, cause="1")
    mark_all_read(recipient_id=user.pk, now=NOW)
    for cause in "23":
        send(user, cause=cause)
    send(other)
    with django_assert_num_queries(1):
        assert mark_all_read(recipient_id=user.pk, now=LATER) == 2
    assert mark_all_read(recipient_id=user.pk, now=LATER) == 0
    assert set(Notice.objects.filter(recipient=user).values_list("cause", "read_at")) == {
        ("1", NOW),
        ("2", LATER),
        ("3", LATER),
    }
    assert unread_notices(other.pk).count() == 1


@pytest.mark.django_db
def test_unread_are_those_of_the_inbox_newest_first():
    user = UserFactory()
    send(user, cause="old")
    send(user, cause="new", now=LATER)
    Notice.objects.create(recipient=user, channel=Channel.EMAIL, cause="new", title="邮件", created_at=LATER)
    assert [notice.cause for notice in unread_notices(user.pk)] == ["new", "old"]
    assert str(unread_notices(user.pk)[0]) == "新的培训任务"
