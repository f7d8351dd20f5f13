"""The form of a question for each type, through the views of the back office."""

import io

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from exams.models import AnswerKey, QuestionMedia, QuestionVersion
from people.models import Role
from tests.factories.exams import BankFactory, TopicFactory, question
from tests.factories.people import OrgUnitFactory, RoleGrantFactory, UserFactory

pytestmark = pytest.mark.django_db


def examiner(unit):
    user = UserFactory()
    user.user_permissions.add(Permission.objects.get(codename="access_admin"))
    return RoleGrantFactory(user=user, role=Role.EXAMINER, unit=unit).user


def client_of(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def unit():
    return OrgUnitFactory()


@pytest.fixture
def client(unit):
    return client_of(examiner(unit))


@pytest.fixture
def bank(unit):
    return BankFactory(owner=unit)


def url(name, *args):
    return reverse(f"exams_office:{name}", args=args)


def upload():
    data = io.BytesIO()
    Image.new("RGB", (400, 300)).save(data, "PNG")
    return SimpleUploadedFile("site.png", data.getvalue(), "image/png")


TYPED = {
    "multiple_choice": {
        "option_0": "停电",
        "option_1": "验电",
        "option_2": "送电",
        "right_0": "on",
        "right_1": "on",
        "scoring": "share",
    },
    "fill_in": {
        "stem": "系好___，离地___以上",
        "blank_0": "安全带；安全绳",
        "blank_1": "２",
        "tolerance_1": "0",
        "unit_1": "m",
    },
    "ordering": {"step_0": "停电", "step_1": "验电", "step_2": "接地", "order_scoring": "places"},
    "matching": {
        "left_0": "红色",
        "meaning_0": "禁止",
        "meaning_1": "警告",
        "left_2": "蓝色",
        "meaning_2": "指令",
    },
    "hazard_spotting": {
        "hazard_0": "杂物",
        "shape_0": "rect",
        "at_0": "10，10, 30.5 40",
        "hazard_1": "电缆",
        "shape_1": "circle",
        "at_1": "70,70,10",
        "hazard_scoring": "free",
        "media_alt": "车间一角",
    },
    "short_answer": {
        "model": "先停电。",
        "point_0": "停电",
        "share_0": "60",
        "point_1": "验电",
        "share_1": "40%",
    },
}
KEYS = {
    "multiple_choice": ["A", "B"],
    "fill_in": [{"accept": ["安全带", "安全绳"]}, {"number": "2", "tolerance": "0"}],
    "ordering": ["1", "2", "3"],
    "matching": ["1", "2"],
    "hazard_spotting": [
        {"name": "杂物", "shape": "rect", "at": [1000, 1000, 3050, 4000]},
        {"name": "电缆", "shape": "circle", "at": [7000, 7000, 1000]},
    ],
    "short_answer": {
        "model": "先停电。",
        "rubric": [{"point": "停电", "share": 60}, {"point": "验电", "share": 40}],
    },
}
BODIES = {
    "multiple_choice": {"scoring": "share"},
    "fill_in": {"blanks": [{"unit": ""}, {"unit": "m"}]},
    "ordering": {"scoring": "places"},
    "matching": {"left": ["红色", "蓝色"]},
    "hazard_spotting": {"scoring": "free", "taps": 4, "size": [400, 300]},
    "short_answer": {},
}


def form_of(bank, kind, **changes):
    fields = {
        "bank": bank.pk,
        "code": "N-1",
        "topic": TopicFactory().pk,
        "kind": kind,
        "stem": "题干？",
        "difficulty": "2",
        "tags": "安全生产月，新员工",
        "source_ref": "lesson:18",
        **TYPED[kind],
        **changes,
    }
    if kind == "hazard_spotting":
        fields.setdefault("media_file", upload())
    return {name: value for name, value in fields.items() if value is not None}


@pytest.mark.parametrize("kind", TYPED)
def test_each_type_is_written_shown_and_left_as_it_is(client, bank, kind):
    preview = client.post(url("question-add-preview"), form_of(bank, kind))
    assert preview.status_code == 200
    assert 'class="question' in preview.content.decode()
    reply = client.post(url("question-add"), form_of(bank, kind))
    assert reply.status_code == 302, reply.context["form"].errors
    stored = question(bank, "N-1")
    version = stored.current_version
    assert AnswerKey.objects.get(version=version).correct == KEYS[kind]
    assert (version.body, version.source_ref) == (BODIES[kind], "lesson:18")
    assert {tag.name for tag in stored.tags.all()} == {"安全生产月", "新员工"}
    # Opened and saved without a change: no new version.
    form = client.get(url("question-edit", stored.pk)).context["form"]
    same = {name: form[name].value() for name in form.fields if name != "media_file"}
    same = {name: value for name, value in same.items() if value not in (None, False, [], "")}
    assert client.post(url("question-edit", stored.pk), same).status_code == 302
    assert QuestionVersion.objects.count() == 1
    assert client.get(url("question-preview", stored.pk)).status_code == 200


@pytest.mark.parametrize(
    ("kind", "changes", "field", "says"),
    [
        ("fill_in", {"stem": "一个___空"}, "stem", "题干里有 1 个空"),
        ("fill_in", {"blank_1": "两"}, "blank_1", "第 2 空：“两”不是数字"),
        ("ordering", {"step_2": None}, "step_0", "至少要有三步"),
        ("matching", {"meaning_2": None}, "meaning_1", "第 2 行的左边没有对应"),
        ("hazard_spotting", {"at_1": "左边"}, "at_1", "第 2 处隐患的位置不对"),
        ("hazard_spotting", {"media_file": None}, "media_file", "要有一张图片"),
        ("hazard_spotting", {"media_alt": ""}, "media_file", "请写一句图上"),
        ("short_answer", {"share_1": "50"}, "share_0", "合计是 110"),
        ("multiple_choice", {"scoring": "luck"}, "scoring", "luck"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(client, bank, kind, changes, field, says):
    data = form_of(bank, kind)
    data = {name: value for name, value in {**data, **changes}.items() if value is not None}
    reply = client.post(url("question-add"), data)
    assert reply.status_code == 422
    assert says in str(reply.context["form"].errors[field])
    assert says in reply.content.decode().replace("&quot;", '"')
    assert not QuestionVersion.objects.exists()


def test_a_picture_survives_an_error_elsewhere_and_is_for_authors_in_reach(client, bank):
    reply = client.post(url("question-add"), form_of(bank, "hazard_spotting", hazard_0=""))
    media = QuestionMedia.objects.get()
    assert reply.context["form"]["stored_media"].value() == str(media.pk)
    assert client.get(url("media", media.pk)).status_code == 200
    again = form_of(bank, "hazard_spotting", media_file=None, stored_media=media.pk)
    again.pop("media_file", None)
    assert client.post(url("question-add"), again).status_code == 302
    assert question(bank, "N-1").current_version.media == media
    assert client_of(examiner(bank.owner)).get(url("media", media.pk)).status_code == 200
    elsewhere = client_of(examiner(OrgUnitFactory()))
    assert elsewhere.get(url("media", media.pk)).status_code == 404
    # Nor can it be put into a question by its number.
    other = BankFactory(owner=OrgUnitFactory())
    thief = client_of(examiner(other.owner))
    reply = thief.post(url("question-add"), {**again, "bank": other.pk})
    assert reply.status_code == 422
    assert "stored_media" in reply.context["form"].errors


def test_a_bank_with_review_keeps_what_is_written_as_a_draft(client, bank):
    bank.review_required = True
    bank.save()
    client.post(url("question-add"), form_of(bank, "ordering"))
    stored = question(bank, "N-1")
    assert (stored.current_version, stored.pending_version.number) == (None, 1)
    page = client.get(url("question-edit", stored.pk)).content.decode()
    assert "还没有通过审核（草稿）" in page
    assert "草稿" in client.get(url("questions")).content.decode()
