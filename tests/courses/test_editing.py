"""Editing in Wagtail: forms open, drafts are previewed as a learner would see them."""

import pytest
from django.urls import reverse
from django.utils import timezone
from wagtail.models import Page
from wagtail.test.utils.form_data import nested_form_data, rich_text, streamfield

from courses.models import CoursePage, LessonPage, PackageLessonPage, PolicySpeechPage, ShelfPage
from tests.factories.courses import (
    CourseFactory,
    FilmFactory,
    OperatingRuleFactory,
    PolicySpeechFactory,
    WarningCaseFactory,
    shelf,
)
from tests.factories.packages import make_package
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def editor(client):
    user = UserFactory(superuser=True)
    client.force_login(user)
    return user


def speech_form(**fields):
    return nested_form_data(
        {
            "title": "新讲话",
            "slug": "xin-jianghua",
            "summary": "要点一句",
            "watch_pct": 95,
            "speaker": "李明",
            "body": streamfield(
                [
                    ("heading", {"text": "一、认识", "level": "2"}),
                    ("text", rich_text("<p>正文一段。</p>")),
                ]
            ),
            **fields,
        }
    )


@pytest.mark.parametrize(
    "factory", [PolicySpeechFactory, WarningCaseFactory, OperatingRuleFactory, CourseFactory]
)
def test_a_page_opens_for_editing_and_its_draft_is_shown(client, factory):
    page = factory(live=False)
    assert client.get(reverse("wagtailadmin_pages:edit", args=[page.pk])).status_code == 200
    draft = client.get(reverse("wagtailadmin_pages:view_draft", args=[page.pk]))
    assert page.title in draft.content.decode()
    assert "data-study" not in draft.content.decode()


def test_a_lesson_is_previewed_before_it_is_saved(client):
    address = reverse("wagtailadmin_pages:preview_on_add", args=["courses", "policyspeechpage", shelf().pk])
    film = FilmFactory()
    answer = client.post(address, speech_form(film=film.pk))
    assert answer.json()["is_valid"], answer.json()
    html = client.get(address).content.decode()
    for words in ("新讲话", "李明", "一、认识", "正文一段。", "这里不记录学习", film.url):
        assert words in html
    assert not Page.objects.filter(title="新讲话").exists()


def test_a_lesson_is_written_and_published(client):
    address = reverse("wagtailadmin_pages:add", args=["courses", "policyspeechpage", shelf().pk])
    response = client.post(address, {**speech_form(), "action-publish": "1"})
    assert response.status_code == 302
    page = PolicySpeechPage.objects.get()
    assert page.live
    assert page.search_text == "一、认识\n正文一段。"
    html = client.get(page.url).content.decode()
    assert "正文一段。" in html


def test_every_kind_an_editor_may_create_has_its_place_on_a_shelf():
    kinds = {kind for kind in LessonPage.__subclasses__() if kind.is_creatable}
    assert set(ShelfPage.creatable_subpage_models()) == {*kinds, CoursePage}


def test_a_package_becomes_a_lesson(client):
    address = reverse("wagtailadmin_pages:add", args=["courses", "packagelessonpage", shelf().pk])
    form = nested_form_data(
        {
            "title": "动火课件",
            "slug": "donghuo",
            "package": make_package(now=timezone.now()).pk,
            "package_rule": "passed",
            "package_minutes": 10,
            "body": streamfield([]),
        }
    )
    refused = client.post(address, {**form, "package": "", "action-publish": "1"})
    assert "请选择课件包" in refused.content.decode()
    assert client.post(address, {**form, "action-publish": "1"}).status_code == 302
    page = PackageLessonPage.objects.get()
    assert page.live
    assert "data-package" in client.get(page.url).content.decode()
