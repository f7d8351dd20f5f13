"""Pictures and films of questions: to the candidate during the attempt and its review, and to authors."""

import uuid

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from common import clock
from common.delivery import deliver
from common.devices import device_of
from exams.actions.attempts import settle_attempt
from exams.models import Attempt, MediaKind, QuestionMedia
from exams.queries import get_attempt_for, media_for
from exams.queries.office import media_for_author

TYPES = {MediaKind.IMAGE.value: "image/webp", MediaKind.FILM.value: "video/mp4"}


def deliver_media(request: HttpRequest, media: QuestionMedia) -> HttpResponseBase:
    """Send a picture or film to somebody whose right to it has been asked for."""
    response = deliver(request, media.file.storage, str(media.file.name), content_type=TYPES[media.kind])
    # Neither a proxy nor the browser keeps a paper's pictures; see the exam's pages.
    response["Cache-Control"] = "private, no-store"
    response["Content-Disposition"] = "inline"
    return response


@require_GET
@login_required
def attempt_media(request: HttpRequest, public_id: uuid.UUID, slot: int) -> HttpResponseBase:
    """Send the picture or film of a slot of one's own attempt, while it is shown there."""
    assert request.user.is_authenticated
    try:
        attempt = get_attempt_for(request.user, public_id)
    except Attempt.DoesNotExist as error:
        raise Http404 from error
    attempt = settle_attempt(attempt=attempt, now=clock.now())
    media = media_for(attempt, slot, device_of(request), clock.now())
    if media is None:
        raise Http404
    return deliver_media(request, media)


@require_GET
@login_required
def author_media(request: HttpRequest, media_id: int) -> HttpResponseBase:
    """Send a picture or film to those who see a question with it, and to whoever uploaded it."""
    return deliver_media(request, get_object_or_404(media_for_author(request.user), pk=media_id))
