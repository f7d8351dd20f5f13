"""The upload of documents in the back office: preview, confirmation, and who may do it."""

import datetime as dt

import pytest
import time_machine
from django.contrib.auth.models import Group, Permission
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from wagtail.models import GroupPagePermission, Page

from common import clock
from courses.actions.shelves import ensure_shelves
from courses.importers import files, uploads
from courses.models import PolicySpeechPage, WarningCasePage
from tests.courses.importers.files import speech_docx
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db

UPLOAD = reverse("courses_import_documents")
TEXT = "在全厂安全生产大会上的讲话\n同志们：\n一、提高认识\n安全生产，责任重于泰山。\n- 3 -\n欢迎下载\n"
TWO = "篇1：甲地的讲话\n同志们：\n甲地要抓好安全。\n篇2：乙地的讲话\n同志们：\n乙地也要抓好安全。\n"


@pytest.fixture
def shelves():
    return ensure_shelves(acting_user=None, now=clock.now())


def editor_of(page):
    user = UserFactory()
    group = Group.objects.create(name=f"编辑{user.pk}")
    group.permissions.add(Permission.objects.get(codename="access_admin"))
    for codename in ("add_page", "change_page"):
        permission = Permission.objects.get(content_type__app_label="wagtailcore", codename=codename)
        GroupPagePermission.objects.create(group=group, page=page, permission=permission)
    user.groups.add(group)
    return user


@pytest.fixture
def editor(client, shelves):
    user = editor_of(shelves["speeches"])
    client.force_login(user)
    return user


def text_file(name="讲话.txt", text=TEXT):
    return SimpleUploadedFile(name, text.encode() if isinstance(text, str) else text)


def send(client, *some, lesson_type="speech", shelf=""):
    return client.post(UPLOAD, {"documents": list(some), "lesson_type": lesson_type, "shelf": shelf})


def test_preview_shows_everything_and_saves_nothing(client, editor, shelves):
    before = Page.objects.count()
    response = send(client, text_file(), shelf=shelves["speeches"].pk)
    page = client.get(response["Location"]).content.decode()
    for shown in (
        "在全厂安全生产大会上的讲话",
        "同志们：",
        "一、提高认识",
        "安全生产，责任重于泰山。",
        "去掉页码",
        "- 3 -",
        "去掉网站附加文字",
        "正文很短",
        "政策讲话",
    ):
        assert shown in page
    assert Page.objects.count() == before


def test_confirming_makes_drafts_and_lists_them(client, editor, shelves):
    token_url = send(client, text_file(text=TWO))["Location"]
    response = client.post(token_url, {"document": ["0-0", "0-1"]})
    pages = list(PolicySpeechPage.objects.child_of(shelves["speeches"]).order_by("path"))
    assert [page.title for page in pages] == ["甲地的讲话", "乙地的讲话"]
    assert all(not page.live and page.owner == editor for page in pages)
    listed = client.get(response["Location"]).content.decode()
    for page in pages:
        assert page.title in listed
        assert reverse("wagtailadmin_pages:edit", args=[page.pk]) in listed
    assert "已存为 2 篇草稿" in listed
    # The upload is used up.
    assert client.get(token_url)["Location"] == UPLOAD


def test_only_ticked_documents_are_kept(client, editor):
    client.post(send(client, text_file(text=TWO))["Location"], {"document": ["0-1", "7-7"]})
    assert [page.title for page in PolicySpeechPage.objects.all()] == ["乙地的讲话"]


def test_nothing_ticked_goes_back_to_the_preview(client, editor):
    url = send(client, text_file())["Location"]
    assert client.post(url, {})["Location"] == url
    assert not PolicySpeechPage.objects.exists()


def test_the_same_again_makes_no_second_page(client, editor):
    for _ in range(2):
        response = client.post(send(client, text_file())["Location"], {"document": ["0-0"]})
    assert PolicySpeechPage.objects.count() == 1
    assert "1 篇已在书架上，没有重复导入" in client.get(response["Location"]).content.decode()


def test_bad_files_are_named_and_good_ones_go_on(client, editor, tmp_path):
    good = speech_docx(tmp_path / "x.docx").read_bytes()
    response = send(
        client, text_file("坏.docx", b"no zip"), text_file("空.txt", b""), text_file("好.docx", good)
    )
    page = client.get(response["Location"]).content.decode()
    assert "“坏.docx”的内容与扩展名不符：它其实是纯文本" in page
    assert "“空.txt”里没有可以导入的文字" in page
    client.post(response["Location"], {"document": ["2-0"]})
    assert PolicySpeechPage.objects.get().title == "在全市安全生产工作会议上的讲话"


def test_a_file_too_large_is_not_kept(client, editor, monkeypatch):
    monkeypatch.setattr(uploads, "DOCUMENT_MAX_BYTES", 10)
    page = client.get(send(client, text_file())["Location"]).content.decode()
    assert "“讲话.txt”太大" in page


def test_markup_in_a_document_is_shown_not_run(client, editor):
    page = client.get(send(client, text_file(text="讲话<x>\n压力<b onclick=x 1>大。\n1 < 2\n"))["Location"])
    assert "<b onclick" not in page.content.decode()


def test_the_form_names_what_is_missing(client, editor):
    assert "请选择要导入的文件" in client.post(UPLOAD, {"lesson_type": "speech"}).content.decode()
    many = [text_file(f"{number}.txt") for number in range(21)]
    assert "一次最多导入 20 个文件，您选了 21 个" in send(client, *many).content.decode()


def test_giving_up_deletes_the_files(client, editor):
    url = send(client, text_file())["Location"]
    assert default_storage.listdir(uploads.FOLDER)[0]
    response = client.post(f"{url}discard/")
    assert response["Location"] == UPLOAD
    assert default_storage.listdir(uploads.FOLDER)[0] == []
    assert client.post(f"{url}discard/")["Location"] == UPLOAD


def test_an_upload_expires(client, editor):
    now = dt.datetime(2026, 3, 2, 8, tzinfo=dt.UTC)
    with time_machine.travel(now, tick=False):
        token = uploads.keep_upload(
            [text_file()], lesson_type="speech", shelf_slug="speeches", user_id=editor.pk, now=now
        )
    later = now + uploads.KEPT_FOR + dt.timedelta(seconds=1)
    with pytest.raises(uploads.UploadGone):
        uploads.open_upload(token, user_id=editor.pk, now=later)
    assert uploads.sweep_uploads(now=later) == 1
    assert uploads.sweep_uploads(now=later) == 0


def test_anothers_upload_is_not_there(client, editor, shelves):
    url = send(client, text_file())["Location"]
    client.force_login(editor_of(shelves["speeches"]))
    assert client.get(url)["Location"] == UPLOAD
    assert client.post(url, {"document": ["0-0"]})["Location"] == UPLOAD
    assert client.post(f"{url}discard/")["Location"] == UPLOAD
    assert not PolicySpeechPage.objects.exists()


@pytest.mark.parametrize("token", ["0" * 32, "../../etc", "x", "0" * 31 + "%2f"])
def test_a_made_up_token(client, editor, token):
    assert client.get(f"{UPLOAD}{token}/").status_code in {302, 404}


def test_a_shelf_out_of_reach_is_refused(client, editor, shelves):
    response = send(client, text_file(), shelf=shelves["cases"].pk)
    assert response.status_code == 200  # the form again: not one of the choices
    url = send(client, text_file(), lesson_type="case")["Location"]
    assert client.post(url, {"document": ["0-0"]}).status_code == 302
    assert not WarningCasePage.objects.exists()


def test_a_person_without_pages_is_refused(client, shelves):
    user = UserFactory()
    group = Group.objects.create(name="只能进后台")
    group.permissions.add(Permission.objects.get(codename="access_admin"))
    user.groups.add(group)
    client.force_login(user)
    for response in (client.get(UPLOAD), send(client, text_file())):
        assert response.status_code == 302
        assert response["Location"] == reverse("wagtailadmin_home")
    assert UPLOAD not in client.get(reverse("wagtailadmin_account")).content.decode()


def test_a_learner_does_not_reach_the_back_office(client, shelves):
    client.force_login(UserFactory())
    assert client.get(UPLOAD).status_code == 302


def test_done_lists_only_pages_one_may_edit(client, editor, shelves):
    hidden = shelves["cases"].add_child(instance=WarningCasePage(title="别人的案例"))
    page = client.get(f"{reverse('courses_import_done')}?page={hidden.pk}&page=x").content.decode()
    assert "别人的案例" not in page
    assert "没有可以显示的页面" in page


@pytest.mark.parametrize("by_role", [False, True])
def test_the_first_import_makes_the_shelves(client, by_role):
    client.force_login(editor_of(Page.get_first_root_node()) if by_role else UserFactory(superuser=True))
    assert UPLOAD in client.get(reverse("wagtailadmin_explore_root")).content.decode()
    client.post(send(client, text_file())["Location"], {"document": ["0-0"]})
    assert PolicySpeechPage.objects.get().get_parent().slug == "speeches"


@pytest.mark.parametrize("count", [1, 3])
def test_queries_of_the_preview_do_not_grow(client, editor, count, django_assert_max_num_queries):
    url = send(client, *[text_file(f"{number}.txt") for number in range(count)])["Location"]
    with django_assert_max_num_queries(35):
        client.get(url)


def test_the_readers_limit_is_the_uploads_limit():
    assert uploads.DOCUMENT_MAX_BYTES == files.DOCUMENT_MAX_BYTES == 20 * 1024 * 1024
