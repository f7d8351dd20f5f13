"""Certificate templates in the back office."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from wagtail.admin.panels import FieldPanel, MultiFieldPanel
from wagtail.admin.views import generic
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.admin.widgets.button import HeaderButton

from certificates.models import CertificateTemplate
from people.viewsets import KeepReferencedDeleteView


class TemplateEditView(generic.EditView):
    """The form of one template, with a button to its preview."""

    @property
    def header_buttons(self):
        """Put the preview beside the buttons every form has."""
        return [
            *super().header_buttons,
            HeaderButton(
                label=_("预览样张（PDF）"),
                url=reverse("certificates_office:template-preview", args=[self.object.pk]),
                icon_name="view",
                attrs={"target": "_blank", "rel": "noopener"},
            ),
        ]


class CertificateTemplateViewSet(ModelViewSet):
    """How the certificates of some programmes read."""

    model = CertificateTemplate
    name = "certificate_templates"
    icon = "doc-full"
    menu_label = pgettext_lazy("plural", "证书模板")
    list_display = ["title", "code", "number_prefix", "valid_months"]
    search_fields = ["title", "code"]
    edit_view_class = TemplateEditView
    delete_view_class = KeepReferencedDeleteView
    inspect_view_enabled = False
    panels = [
        FieldPanel("code"),
        FieldPanel("title"),
        MultiFieldPanel(
            [
                FieldPanel(
                    "body",
                    help_text=_(
                        "正文和附注里可以用这些占位，签发时换成真实内容：{name} 姓名、{employee_no} 工号、{unit} 单位、"
                        "{post} 岗位、{programme} 培训方案、{hours} 学时、{score} 成绩、{completed_on} 完成日期、"
                        "{issued_on} 签发日期、{valid_until} 有效期至。其他写法不能保存。"
                    ),
                ),
                FieldPanel("footnote"),
            ],
            heading=_("印在证书上的文字"),
        ),
        MultiFieldPanel(
            [FieldPanel("number_prefix"), FieldPanel("valid_months"), FieldPanel("programmes")],
            heading=_("编号、有效期与适用方案"),
        ),
    ]
