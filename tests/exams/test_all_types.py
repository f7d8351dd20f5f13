"""A paper with every type: written, sat, marked by machine and person, reviewed; its media and its canaries."""

import io
from decimal import Decimal
from fractions import Fraction

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from exams.actions.bank import save_questions
from exams.actions.exams import RowDraft
from exams.actions.marks import pending_slots, record_hand_mark
from exams.actions.media import save_media
from exams.actions.review import approve_question, return_question, submit_for_review
from exams.errors import AttemptStillOpen, BadHandMark, BadMedia, NotReviewable
from exams.models import AnswerKey, Attempt, AttemptMark, AttemptState, HandMark, QuestionReview, ReviewState
from exams.queries import keys_of, latest_steps, pool_of
from exams.types import TYPES
from people.models import Role
from tests.factories.exams import (
    DRAFTS,
    NOW,
    BankFactory,
    TopicFactory,
    answer,
    make_attempt,
    make_exam,
    make_exam_of_all_types,
    picture,
    question,
    right_response,
    single_choice,
    submit,
    wrong_response,
)
from tests.factories.people import (
    AssignmentFactory,
    EmployeeFactory,
    OrgUnitFactory,
    RoleGrantFactory,
    UserFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
SLOTS = range(1, len(DRAFTS) + 1)
BY_HAND = [n for n, kind in enumerate(DRAFTS, start=1) if TYPES[kind].by_hand]
CANARY = "CANARY-7f3e"


@pytest.fixture
def at_now(time_machine):
    time_machine.move_to(NOW, tick=False)


def client_of(user):
    client = Client()
    client.force_login(user)
    return client


def url(name, *args):
    return reverse(f"exams:{name}", args=args)


@pytest.fixture
def attempt():
    return make_attempt(make_exam_of_all_types(attempts_allowed=1), device="")


def test_a_paper_of_all_types_waits_for_a_person_and_is_marked_then(attempt):
    assert [slot["kind"] for slot in attempt.paper["slots"]] == list(DRAFTS) == list(TYPES)
    answer(attempt, {slot: right_response(attempt, slot) for slot in SLOTS})
    handed_in = submit(attempt)
    assert handed_in.state == AttemptState.MARKING
    assert not AttemptMark.objects.exists()
    assert pending_slots(attempt) == tuple(BY_HAND)
    first, second = BY_HAND
    assert mark_by_hand(attempt, first, [60, 0], comment="监护人呢？") is None
    assert pending_slots(attempt) == (second,)
    mark = mark_by_hand(attempt, second, [60, 40])
    assert (mark.points, mark.max_points) == (Decimal("86.00"), Decimal("90.00"))
    assert Attempt.objects.get().state == AttemptState.GRADED
    # A correction is another hand mark and another mark; the newest counts.
    again = mark_by_hand(attempt, first, [60, 40])
    assert (again.number, again.points) == (2, Decimal("90.00"))
    assert HandMark.objects.filter(slot=first).count() == 2


def mark_by_hand(attempt, slot, per_point, **changes):
    given = {"acting_user": None, "now": NOW, **changes}
    return record_hand_mark(attempt_id=attempt.pk, slot=slot, per_point=per_point, **given)


def test_nothing_written_needs_no_person(attempt):
    answer(attempt, {slot: right_response(attempt, slot) for slot in SLOTS if slot not in BY_HAND})
    assert submit(attempt).state == AttemptState.GRADED
    assert AttemptMark.objects.get().points == Decimal("70.00")


def test_hand_marks_that_do_not_fit_are_refused(attempt):
    with pytest.raises(AttemptStillOpen):
        mark_by_hand(attempt, BY_HAND[0], [60, 40])
    answer(attempt, {BY_HAND[0]: ["停电"]})
    submit(attempt)
    for slot, per_point, says in (
        (1, [60, 40], "第 1 题不是人工评分的题"),
        (99, [60, 40], "第 99 题不是人工评分的题"),
        (BY_HAND[0], [60], "评分标准有 2 个得分点，给了 1 个分"),
        (BY_HAND[0], [61, 40], "第 1 个得分点最多 60%"),
        (BY_HAND[0], [60, -1], "第 2 个得分点最多 40%"),
    ):
        with pytest.raises(BadHandMark, match=says):
            mark_by_hand(attempt, slot, per_point)
    with pytest.raises(PermissionDenied):
        mark_by_hand(attempt, BY_HAND[0], [60, 40], acting_user=UserFactory())
    assert not HandMark.objects.exists()
    unit = AssignmentFactory(employee=attempt.employee).unit
    marker = RoleGrantFactory(role=Role.MARKER, unit=unit).user
    assert mark_by_hand(attempt, BY_HAND[0], [60, 40], acting_user=marker).points == Decimal("10.00")
    assert HandMark.objects.get().fraction == Fraction(1)


def test_a_plain_form_answers_every_type_without_script(attempt):
    """What the browser would post, read from the page the server renders."""
    client = client_of(attempt.employee.user)
    assert client.get(url("attempt", attempt.public_id)).status_code == 200
    form = {f"q{slot}": right_response(attempt, slot) for slot in SLOTS}
    form["q9"] = ["第一行\r\n第二行"]
    client.post(url("save", attempt.public_id), form)
    kept = {slot: response for slot, (_seq, response) in latest_steps(attempt.pk).items()}
    assert {slot: set(kept[slot]) for slot in SLOTS[:-1]} == {
        slot: set(right_response(attempt, slot)) for slot in SLOTS[:-1]
    }
    assert kept[9] == ["第一行\n第二行"]
    # The page comes back with the answers in it, so that posting it again changes nothing.
    page = client.get(url("attempt", attempt.public_id)).content.decode()
    assert 'value="安全带"' in page
    assert "第一行\n第二行</textarea>" in page
    client.post(url("save", attempt.public_id), form)
    assert {seq for seq, _response in latest_steps(attempt.pk).values()} == {1}
    # An emptied form takes the answers back.
    client.post(url("save", attempt.public_id), {"q4": ["", ""]})
    assert all(response == [] for _seq, response in latest_steps(attempt.pk).values())


def test_the_review_shows_what_was_right_of_each_type(attempt):
    answer(attempt, {slot: wrong_response(attempt, slot) for slot in SLOTS})
    submit(attempt)
    client = client_of(attempt.employee.user)
    waiting = client.get(url("result", attempt.public_id)).content.decode()
    assert "有的题要由阅卷人评分" in waiting
    assert "清理可燃物" not in waiting
    for slot in BY_HAND:
        mark_by_hand(attempt, slot, [60, 0], comment="说得不全")
    page = client.get(url("result", attempt.public_id)).content.decode()
    for text in (
        "安全带；安全绳",
        "2 ± 0.1 m",
        "装设接地线",
        "禁止、停止",
        "消防通道堆放杂物",
        "没有找到",
        "另外点错 1 处",
        "检查可燃物、灭火器材和监护人。",
        "清理可燃物",
        "得 6 分（满分 10）",
        "评语：说得不全",
        url("media", attempt.public_id, 7),
    ):
        assert text in page


# Canaries: nothing of the key before its time, in any type


def test_the_key_of_no_type_is_in_a_reply_before_release():
    bank, topic = BankFactory(), TopicFactory()
    hidden = {
        "fill_in": [{"accept": [f"{CANARY}-a"]}, {"number": "31.4159", "tolerance": "0.1"}],
        "hazard_spotting": [{"name": f"{CANARY}-h", "shape": "rect", "at": [3141, 2718, 5999, 5998]}],
        "short_answer": {
            "model": f"{CANARY}-m",
            "rubric": [{"point": f"{CANARY}-p", "share": 99}, {"point": "x", "share": 1}],
        },
    }
    hidden["case_analysis"] = hidden["short_answer"]
    drafts = [
        make(
            topic,
            explanation=f"{CANARY}-why",
            source=f"{CANARY}-source",
            source_ref=f"{CANARY}-ref",
            tags=frozenset({f"{CANARY}-tag"}),
            **({"correct": hidden[kind]} if kind in hidden else {}),
        )
        for kind, make in DRAFTS.items()
    ]
    save_questions(bank=bank, drafts=drafts, acting_user=None, now=NOW)
    rows = [RowDraft(kind=kind, count=1, points=Decimal(5)) for kind in DRAFTS]
    exam = make_exam(bank, rows, attempts_allowed=2)
    attempt = make_attempt(exam, device="")
    client = client_of(attempt.employee.user)
    page = client.get(url("attempt", attempt.public_id))
    replies = [page]
    for slot in SLOTS:
        for n, response in enumerate((right_response(attempt, slot), wrong_response(attempt, slot), ["\0"])):
            step = {"slot": slot, "seq": 10 * slot + n, "response": response}
            replies.append(
                client.post(
                    url("save", attempt.public_id), {"steps": [step]}, content_type="application/json"
                )
            )
    replies += [
        client.get(url("result", attempt.public_id)),
        client.post(url("submit", attempt.public_id), {"steps": []}, content_type="application/json"),
        client.get(url("result", attempt.public_id)),
        client.get(url("media", attempt.public_id, 7)),
    ]
    for slot in BY_HAND:
        mark_by_hand(attempt, slot, [0, 0])
    replies.append(client.get(url("result", attempt.public_id)))
    for reply in replies:
        text = "" if reply.streaming else reply.content.decode()
        text += str(dict(reply.headers))
        assert CANARY not in text
        for word in ("31.4159", "3141", "2718", "correct", "option_ids", "explanation", attempt.seed):
            assert word not in text
    # Saves of right and wrong answers cannot be told apart.
    assert len({len(reply.content) for reply in replies[1:3]}) == 1
    # Neither can the option ids behind the steps: the page knows tokens only, in no type's right order.
    for slot in attempt.paper["slots"]:
        for option_id in slot["option_ids"]:
            assert f'value="{option_id}"' not in page.content.decode()


def test_the_order_shown_tells_nothing_of_the_right_order():
    exam = make_exam_of_all_types()
    first = set()
    for n in range(12):
        paper = make_attempt(exam, employee=EmployeeFactory(), purpose=f"p{n}").paper
        entry = next(slot for slot in paper["slots"] if slot["kind"] == "ordering")
        first.add(entry["option_ids"][0])
    assert len(first) > 1


# Media


def test_a_picture_is_for_the_attempt_and_the_released_review_alone(attempt):
    client, other = client_of(attempt.employee.user), client_of(EmployeeFactory().user)
    address = url("media", attempt.public_id, 7)
    client.get(url("attempt", attempt.public_id))
    reply = client.get(address)
    assert (reply.status_code, reply["Content-Type"]) == (200, "image/webp")
    assert "no-store" in reply["Cache-Control"]
    assert "answer_B" not in str(dict(reply.headers))
    assert other.get(address).status_code == 404
    assert Client().get(address).status_code == 302
    assert client.get(url("media", attempt.public_id, 1)).status_code == 404
    assert client.get(url("media", attempt.public_id, 99)).status_code == 404
    client.post(url("save", attempt.public_id), {"q1": right_response(attempt, 1)})
    # Another device of the same person has to take over first.
    assert client_of(attempt.employee.user).get(address).status_code == 404
    answer(Attempt.objects.get(), {BY_HAND[0]: ["停电"]}, seq=9)
    submit(Attempt.objects.get())
    assert client.get(address).status_code == 404, "handed in, not released"
    mark_by_hand(attempt, BY_HAND[0], [0, 0])
    assert client.get(address).status_code == 200, "released: no attempt is left"


def test_a_picture_is_kept_without_the_cameras_notes_and_once():
    data, exif = io.BytesIO(), Image.Exif()
    exif[0x0112], exif[0x010E] = 6, CANARY
    Image.new("RGB", (4000, 2000)).save(data, "JPEG", exif=exif)

    def store():
        file = ContentFile(data.getvalue(), name="answer_B.jpg")
        return save_media(file=file, alt="一台机床", acting_user=None, now=NOW)

    media = store()
    assert store() == media
    assert (media.width, media.height) == (800, 1600), "turned upright, made smaller"
    assert "answer" not in media.file.name
    with media.file.open() as stored:
        assert CANARY.encode() not in stored.read()


@pytest.mark.parametrize(
    ("data", "alt", "says"),
    [
        (b"x", "图", "这个文件打不开"),
        (b"<svg onload='alert(1)'/>", "图", "这个文件打不开"),
        (b"x", " ", "请写一句图上"),
    ],
)
def test_what_is_no_picture_is_refused(data, alt, says):
    with pytest.raises(BadMedia, match=says):
        save_media(file=ContentFile(data, name="x.png"), alt=alt, acting_user=None, now=NOW)


def test_only_writers_upload():
    with pytest.raises(PermissionDenied):
        picture(acting_user=UserFactory())


# Review


def test_a_second_person_approves_what_is_drawn():
    unit = OrgUnitFactory()
    bank = BankFactory(owner=unit, review_required=True)
    author, reviewer = (RoleGrantFactory(role=Role.EXAMINER, unit=unit).user for _ in range(2))
    topic = TopicFactory()
    save_questions(bank=bank, drafts=[single_choice(topic)], acting_user=author, now=NOW)
    stored = question(bank, "S-1")
    assert (stored.review_state, stored.current_version, pool_of(bank.pk)) == (ReviewState.DRAFT, None, [])
    with pytest.raises(NotReviewable, match="不在审核中"):
        approve_question(question=stored, acting_user=reviewer, now=NOW)
    for _ in range(2):
        stored = submit_for_review(question=stored, acting_user=author, now=NOW)
    assert stored.review_state == ReviewState.IN_REVIEW
    with pytest.raises(NotReviewable, match="要由另一个人审核"):
        approve_question(question=stored, acting_user=author, now=NOW)
    with pytest.raises(PermissionDenied):
        approve_question(question=stored, acting_user=UserFactory(), now=NOW)
    with pytest.raises(NotReviewable, match="写明哪里要改"):
        return_question(question=stored, comment=" ", acting_user=reviewer, now=NOW)
    stored = return_question(question=stored, comment="选项 B 有歧义", acting_user=reviewer, now=NOW)
    assert stored.review_state == ReviewState.DRAFT
    submit_for_review(question=stored, acting_user=author, now=NOW)
    stored = approve_question(question=stored, acting_user=reviewer, now=NOW)
    assert [item.version_id for item in pool_of(bank.pk)] == [stored.current_version_id]
    # An edit leaves the approved version in use, and the next edit goes on from the draft.
    for text in ("新的题干？", "更新的题干？"):
        save_questions(bank=bank, drafts=[single_choice(topic, stem=text)], acting_user=author, now=NOW)
    fresh = question(bank, "S-1")
    assert (fresh.current_version_id, fresh.newest.number) == (stored.current_version_id, 3)
    steps = list(QuestionReview.objects.values_list("step", flat=True))
    assert steps == ["submitted", "returned", "submitted", "approved"]
    with pytest.raises(NotReviewable, match="没有待审核的新版本"):
        approved = question(bank, "S-1")
        approved.pending_version, approved.review_state = None, ReviewState.APPROVED
        approved.save()
        submit_for_review(question=approved, acting_user=author, now=NOW)


def test_tags_and_posts_are_kept_with_the_question():
    bank, topic = BankFactory(), TopicFactory()
    draft = single_choice(topic, tags=frozenset({"新员工", " 安全生产月 ", ""}))
    assert save_questions(bank=bank, drafts=[draft], acting_user=None, now=NOW).created == ["S-1"]
    stored = question(bank, "S-1")
    assert {tag.name for tag in stored.tags.all()} == {"新员工", "安全生产月"}
    assert save_questions(bank=bank, drafts=[draft], acting_user=None, now=NOW).unchanged == ["S-1"]
    changed = single_choice(topic, tags=frozenset({"新员工"}))
    assert save_questions(bank=bank, drafts=[changed], acting_user=None, now=NOW).updated == ["S-1"]
    assert AnswerKey.objects.count() == 1
    assert keys_of([stored.current_version_id]) == {stored.current_version_id: ["C"]}
