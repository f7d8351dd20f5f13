"""The site's addresses and, for the bench alone, views that do the least a storing view can do."""

import secrets

from django.http import HttpRequest, JsonResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

from common.clock import now
from exams.models import AnswerStep


@csrf_exempt
def bare_insert(request: HttpRequest, attempt_id: int) -> JsonResponse:
    """Insert one answer step, committed: no session, no person, no checks."""
    step = AnswerStep.objects.create(
        attempt_id=attempt_id,
        slot=1,
        seq=1_000_000 + secrets.randbelow(1_000_000_000),
        response=["a"],
        device="bench",
        saved_at=now(),
    )
    return JsonResponse({"id": step.pk})


def bare_json(request: HttpRequest) -> JsonResponse:
    """Answer a gate without asking anybody: what the server itself costs."""
    return JsonResponse({"employee_no": "G000001", "cleared": True, "reasons": [], "until": None})


urlpatterns = [
    path("bench/json/", bare_json),
    path("bench/insert/<int:attempt_id>/", bare_insert),
    path("", include("config.urls")),
]
