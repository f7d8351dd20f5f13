"""Pages made of documents: permission, all or nothing, and the files that go with them."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.storage import default_storage

from courses.actions import lessons
from courses.actions.lessons import body_of, create_lesson_pages
from courses.actions.shelves import UnknownShelf, ensure_shelves, get_shelf
from courses.documents import Block, Document
from courses.models import LearningHomePage, Picture, PolicySpeechPage, ShelfPage
from tests.courses.importers.files import png
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 3, 2, 8, tzinfo=dt.UTC)


def document(title="讲话", *blocks, **fields):
    return Document(
        title, fields.pop("salutation", ""), blocks or (Block("paragraph", "一段。"),), (), **fields
    )


def create(*documents, pictures=None, user=None, publish=False):
    shelf = ensure_shelves(acting_user=None, now=NOW)["speeches"]
    return create_lesson_pages(
        documents=documents,
        lesson_type="speech",
        shelf=shelf,
        pictures=pictures or {},
        source="文件",
        publish=publish,
        acting_user=user,
        now=NOW,
    )


def test_a_person_without_permission_is_refused():
    with pytest.raises(PermissionDenied, match="政策讲话"):
        create(document(), user=UserFactory())
    assert not PolicySpeechPage.objects.exists()


def test_a_superuser_publishes_and_owns():
    user = UserFactory(superuser=True)
    (result,) = create(document(), user=user, publish=True)
    assert result.created
    assert result.page.live
    assert result.page.owner == user


def test_the_second_call_finds_the_page():
    create(document())
    (again,) = create(document())
    assert not again.created
    assert PolicySpeechPage.objects.count() == 1


def test_all_or_none_and_no_file_left_behind():
    good = document("甲", Block("picture", picture="a.png"), Block("paragraph", "一段。"))
    with pytest.raises(ValidationError):
        create(good, document(""), pictures={"a.png": png()})
    assert not PolicySpeechPage.objects.exists()
    assert not Picture.objects.exists()
    assert default_storage.listdir("original_images")[1] == []


def test_pictures_of_the_same_bytes_are_one_and_other_formats_become_png(tmp_path):
    blocks = [Block("picture", picture=name) for name in ("a.png", "b.png", "c.bmp", "d.png")]
    bmp = tmp_path / "c.bmp"
    with lessons.Image.open(lessons.io.BytesIO(png(colour="blue"))) as image:
        image.save(bmp)
    create(document("图", *blocks), pictures={"a.png": png(), "b.png": png(), "c.bmp": bmp.read_bytes()})
    assert [picture.file.name.rsplit(".", 1)[1] for picture in Picture.objects.all()] == ["png", "png"]
    assert [block.block_type for block in PolicySpeechPage.objects.get().body] == ["picture"] * 3


def test_long_titles_and_headings_fit():
    long = document("长" * 300, Block("heading", "长" * 201, 1, source="长" * 201), salutation="各位" * 90)
    (result,) = create(long)
    assert len(result.page.title) == 255
    assert [block.block_type for block in result.page.body] == ["text"]


def test_levels_are_packed():
    made = document(
        "讲话",
        Block("heading", "一、甲", 1, source="一、甲"),
        Block("heading", "1.乙", 3, source="1.乙"),
    )
    assert [block["value"]["level"] for block in body_of(made, {}, salutation_apart=True)] == ["2", "3"]


def test_a_day_that_does_not_exist():
    (result,) = create(document("讲话", Block("paragraph", "（2023年2月31日）")))
    assert result.page.spoken_on is None


def test_shelves_twice():
    first = ensure_shelves(acting_user=None, now=NOW)
    second = ensure_shelves(acting_user=None, now=NOW)
    assert {slug: shelf.pk for slug, shelf in first.items()} == {
        slug: shelf.pk for slug, shelf in second.items()
    }
    assert LearningHomePage.objects.count() == 1
    assert ShelfPage.objects.count() == 4
    assert get_shelf("rules").title == "操作规程"


def test_an_unknown_shelf_names_those_there_are():
    ensure_shelves(acting_user=None, now=NOW)
    with pytest.raises(UnknownShelf, match=r"nowhere.*speeches、cases、rules、courses"):
        get_shelf("nowhere")
