"""The office's pages of campaigns: the list, the form, the ranking and its workbook. Units, never names of people."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_safe

from common import clock
from common.spreadsheet import CONTENT_TYPE, Sheet, Watermark, workbook_bytes
from exams.actions.campaigns import save_campaign
from exams.errors import BadCampaign
from exams.forms.practice import CampaignForm
from exams.models import Campaign
from exams.queries.practice_campaigns import campaigns_for, ranking
from exams.views.office import editor, for_those_who, form_page
from people.permissions import Capability, scope_of

CAMPAIGNS = "exams_office:campaigns"


def _campaign(request: HttpRequest, campaign_id: int) -> Campaign:
    found = campaigns_for(request.user).filter(pk=campaign_id).first()
    if found is None:
        raise Http404
    return found


@require_safe
@for_those_who(Capability.RUN_CAMPAIGNS)
def campaign_list(request: HttpRequest) -> HttpResponse:
    """List the campaigns in scope."""
    title = pgettext("plural", "答题活动")
    context = {
        "header_title": title,
        "header_icon": "pick",
        "breadcrumbs_items": [{"url": "", "label": title}],
        "campaigns": campaigns_for(request.user),
        "today": clock.today(),
    }
    return render(request, "exams/office_campaigns.html", context)


@require_http_methods(["GET", "POST"])
@for_those_who(Capability.RUN_CAMPAIGNS)
def campaign_form(request: HttpRequest, campaign_id: int | None = None) -> HttpResponse:
    """Create or change a campaign."""
    campaign = _campaign(request, campaign_id) if campaign_id else None
    units = scope_of(request.user, Capability.RUN_CAMPAIGNS)
    form = CampaignForm(request.POST or None, units=units, campaign=campaign)
    if request.method == "POST" and form.is_valid():
        try:
            saved = save_campaign(
                campaign=campaign, acting_user=editor(request), now=clock.now(), **form.cleaned_data
            )
        except (BadCampaign, PermissionDenied) as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("活动“%(title)s”已保存。") % {"title": saved.title})
            return redirect("exams_office:campaign", saved.pk)
    context = form_page(
        str(campaign) if campaign else _("新建答题活动"),
        (CAMPAIGNS, pgettext("plural", "答题活动")),
        form=form,
        submit=_("保存"),
    )
    return render(request, "exams/office_practice_form.html", context, status=422 if form.errors else 200)


@require_safe
@for_those_who(Capability.RUN_CAMPAIGNS)
def campaign_ranking(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Show how the units of a campaign stand today."""
    campaign = _campaign(request, campaign_id)
    context = {
        "header_title": campaign.title,
        "header_icon": "pick",
        "breadcrumbs_items": [
            {"url": reverse(CAMPAIGNS), "label": pgettext("plural", "答题活动")},
            {"url": "", "label": campaign.title},
        ],
        "campaign": campaign,
        "today": clock.today(),
        "ranking": ranking(campaign, clock.today()),
    }
    return render(request, "exams/office_campaign.html", context)


@require_safe
@for_those_who(Capability.RUN_CAMPAIGNS)
def campaign_workbook(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Send the ranking as a workbook."""
    campaign = _campaign(request, campaign_id)
    found = ranking(campaign, clock.today())
    sheet = Sheet(
        title=_("单位排名"),
        header=[_("名次"), _("单位"), _("得分"), _("人数"), _("参与率"), _("正确率"), _("人次（天）"), _("计分题数")],
        rows=[
            [
                line.ranked.place, line.unit.name, line.ranked.score, line.ranked.facts.people,
                round(line.ranked.took_part, 4), round(line.ranked.correct, 4),
                line.ranked.facts.person_days, line.ranked.facts.answered,
            ]
            for line in found.lines
        ],
        percent_columns=frozenset({4, 5}),
    )  # fmt: skip
    scope = f"{campaign.title}，{campaign.starts_on:%Y-%m-%d}–{campaign.ends_on:%Y-%m-%d}"
    mark = Watermark.of(editor(request), clock.now(), scope=scope)
    response = HttpResponse(workbook_bytes([sheet], mark=mark), content_type=CONTENT_TYPE)
    name = f"{_('单位排名')}-{Truncator(campaign.title).chars(40)}-{clock.today().isoformat()}.xlsx"
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response
