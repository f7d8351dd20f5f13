"""The public verify page, and the PDF for its holder."""

from collections.abc import Callable
from functools import wraps
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from certificates.content import ungrouped
from certificates.forms import VerifyForm
from certificates.queries import STATE_WORDS, certificate_by_code, file_of, get_certificate_for, standing_of
from certificates.shapes import PrintedFields
from common.clock import now
from common.throttle import within_limit

REQUESTS_PER_MINUTE = 60
# In the order of the paper. Every key of PrintedFields is here: what is not shown could be changed unseen.
LABELS = {
    "number": _("证书编号"),
    "title": _("证书名称"),
    "name": _("姓名"),
    "employee_no": _("工号"),
    "unit": _("单位"),
    "post": _("岗位"),
    "programme": _("培训项目"),
    "body": _("正文"),
    "hours": _("学时"),
    "score": _("考核成绩（百分制）"),
    "completed_on": _("完成日期"),
    "issued_on": _("签发日期"),
    "valid_until": _("有效期至"),
    "issuer": _("签发单位"),
    "footnote": _("附注"),
    "record_seq": _("培训台账序号"),
    "record_hash": _("记录摘要"),
}
assert LABELS.keys() == PrintedFields.__annotations__.keys()

View = Callable[..., HttpResponseBase]


def _public(view: View) -> View:
    """Limit how often one client asks, and keep the page out of search engines and caches."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        client = request.META.get("REMOTE_ADDR", "")
        if within_limit("verify", client, limit=REQUESTS_PER_MINUTE, window_s=60, now=now()):
            response = view(request, *args, **kwargs)
        else:
            response = render(request, "certificates/verify_busy.html", status=429)
            response["Retry-After"] = "60"
        response["X-Robots-Tag"] = "noindex, nofollow"
        response["Cache-Control"] = "no-store"
        return response

    return guarded


@require_safe
@_public
def find(request: HttpRequest) -> HttpResponse:
    """Ask for the code printed under the QR; a number alone reveals nothing."""
    form = VerifyForm(request.GET or None)
    if form.is_valid():
        return redirect("certificates:verify", code=form.cleaned_data["code"])
    return render(
        request, "certificates/verify_find.html", {"form": form}, status=422 if form.errors else 200
    )


@require_safe
@_public
def verify(request: HttpRequest, code: str) -> HttpResponse:
    """Show all printed fields and the live standing of the certificate behind a code."""
    certificate = certificate_by_code(ungrouped(code))
    if certificate is None:
        return render(request, "certificates/verify_unknown.html", status=404)
    moment = now()
    standing = standing_of(certificate, moment)
    fields = [(LABELS[name], certificate.printed[name], name) for name in LABELS]
    return render(
        request,
        "certificates/certificate_verify.html",
        {
            "certificate": certificate,
            "standing": standing,
            "word": STATE_WORDS[standing.state],
            "fields": fields,
            "asked_at": moment,
        },
    )


@require_safe
@login_required
def download(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """Send the PDF; while it is being made, a page that looks again by itself (202)."""
    certificate = get_certificate_for(request.user, public_id)
    made = file_of(certificate)
    if made is None:
        response = render(
            request, "certificates/certificate_waiting.html", {"certificate": certificate}, status=202
        )
        response["Refresh"] = "4"
        response["Cache-Control"] = "no-store"
        return response
    sent = FileResponse(
        made.file.open("rb"), content_type="application/pdf", filename=f"{certificate.number}.pdf"
    )
    sent["Cache-Control"] = "private, no-store"
    return sent
