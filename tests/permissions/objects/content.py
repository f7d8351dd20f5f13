"""The objects of the room of courses, and Wagtail's own."""

import uuid
from typing import Any

from django.contrib.auth.models import Group
from django.core.files.base import ContentFile
from wagtail.images.tests.utils import get_test_image_file
from wagtail.models import Collection, Page, PageViewRestriction, Site, Task, Workflow

from courses.models import Attachment, FilmQuestion, Picture
from courses.streams import Stream
from courses.streams import make_token as make_stream_token
from people.models import WorkFeature
from tests.factories.courses import (
    FilmFactory,
    FilmSubtitleFactory,
    OperatingRuleFactory,
    PolicySpeechFactory,
)
from tests.factories.people import PostFactory
from tests.factories.training import LicenceTypeFactory
from tests.permissions.objects import NOW, Works


def share_content(works: Works) -> list[Any]:
    film = FilmFactory(thumbnail=ContentFile(b"x", name="poster.jpg"))
    FilmSubtitleFactory(film=film)
    open_lesson, closed_lesson = PolicySpeechFactory(film=film), PolicySpeechFactory(film=FilmFactory())
    closed = PageViewRestriction.objects.create(page=closed_lesson, restriction_type="groups")
    closed.groups.add(Group.objects.create(name="党委"))
    draft = PolicySpeechFactory(live=False)
    shelf = open_lesson.get_parent()
    works.share("lesson", lesson_pk=open_lesson.pk, **{"/": open_lesson.get_url()})
    works.share("closed lesson", lesson_pk=closed_lesson.pk, **{"/": closed_lesson.get_url()})
    works.share("operating rule", pk=OperatingRuleFactory().pk)
    works.share("draft lesson", lesson_pk=draft.pk, **{"/": draft.get_url()})
    works.share(
        "film",
        pk=film.pk,
        film_pk=film.pk,
        media_id=film.pk,
        filename=film.filename,
        language="zh-hans",
        media_type="video",
    )
    question = FilmQuestion.objects.create(film=film, at_s=5, stem="先做什么？")
    works.share("film question", film_pk=film.pk, question_pk=question.pk)
    closed_film = closed_lesson.film
    works.share("closed film", pk=closed_film.pk, filename=closed_film.filename, language="zh-hans")
    stream = Stream(0, 0, "hls/0/none", int(NOW.timestamp()) * 2)
    works.share("film stream", token=make_stream_token(stream), size=240, number=0)
    works.share("film upload", upload_id=uuid.UUID(int=1))
    revision = open_lesson.latest_revision
    works.share(
        "page",
        pk=open_lesson.pk,
        page_id=open_lesson.pk,
        page_to_move_id=open_lesson.pk,
        parent_page_id=shelf.pk,
        destination_id=shelf.get_parent().pk,
        revision_id=revision.pk,
        revision_id_a="earliest",
        revision_id_b="live",
        content_type_app_name="courses",
        content_type_model_name="policyspeechpage",
        app_label="courses",
        model_name="policyspeechpage",
        action="publish",
        action_name="approve",
        task_state_id=1,
        task_id=1,
        workflow_state_id=1,
        page_view_restriction_id=closed.pk,
        # What Wagtail's forms fail without.
        **{"=body-count": 0, "=new_parent_page": shelf.pk, "=external-link-chooser-url": "/"},
    )
    return [open_lesson]


def share_library(works: Works) -> None:
    """Note the things of Wagtail that its own pages are about."""
    collection = Collection.get_first_root_node()
    picture = Picture.objects.create(title="图", file=get_test_image_file(), collection=collection)
    # Made here and not anew, and undone, by every visitor of the library.
    picture.get_renditions("max-165x165", "max-800x600", "max-100x100", "max-320x200", "width-500")
    works.share("picture", image_id=picture.pk, pk=picture.pk, filter_spec="max-100x100", uploaded_file_id=1,
                name=picture.file.name)  # fmt: skip
    attachment = Attachment.objects.create(title="文", file=ContentFile(b"%PDF-1.7", name="a.pdf"))
    works.share("attachment", document_id=attachment.pk, doc_id=attachment.pk, pk=attachment.pk, uploaded_file_id=1,
                **{"/": attachment.url})  # fmt: skip
    works.share("collection", pk=collection.pk, collection_id=collection.pk)
    works.share("workflow", pk=Workflow.objects.get().pk, workflow_pk=Workflow.objects.get().pk,
                page_pk=Page.objects.order_by("pk").last().pk, task_id=Task.objects.first().pk,
                app_label="wagtailcore", model_name="groupapprovaltask")  # fmt: skip
    works.share("task", pk=Task.objects.first().pk)
    works.share("group", pk=Group.objects.get(name="anxue-auditor").pk)
    works.share("site", pk=Site.objects.get().pk)
    post = PostFactory()
    works.share("post", pk=post.pk, post_id=post.pk)
    works.share("work list", name="new")
    works.share("work feature", pk=WorkFeature.objects.create(kind="equipment", name="行车").pk)
    works.share("licence type", pk=LicenceTypeFactory().pk)
    works.share("settings", app_name="people", model_name="post", pk=1)
    works.share("reset", uidb64="MQ", token="x-y")
    works.share("nothing", token="nothing", marked_token="nothing", pk=10**9, app_label="courses", model_name="policyspeechpage",
                object_id="1", session_id=1, app_name="courses", restriction_id=1)  # fmt: skip
