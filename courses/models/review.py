"""Review before publishing: a step that asks why when it refuses, and that nobody passes with their own work."""

from typing import Any

from django import forms
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.forms import TaskStateCommentForm
from wagtail.models import AbstractGroupApprovalTask


class ReasonForm(TaskStateCommentForm):
    """The form with which a page is sent back: the writer must learn what to change."""

    comment = forms.CharField(
        label=_("要改什么"),
        widget=forms.Textarea({"rows": 3}),
        error_messages={"required": _("请写明要改什么，作者据此修改后再提交。")},
    )


class ReviewTask(AbstractGroupApprovalTask):
    """One reviewer's step: sent back with a reason, or approved, by somebody other than who submitted it."""

    class Meta:
        verbose_name = _("内容审核步骤")
        verbose_name_plural = _("内容审核步骤")

    def get_form_for_action(self, action: str) -> type[forms.Form]:
        """Ask for a reason where a page is sent back."""
        return ReasonForm if action == "reject" else super().get_form_for_action(action)

    def get_actions(self, obj: models.Model, user: Any) -> list[tuple[str, Any, bool]]:
        """Return what `user` may do at this step: who submitted a page does not approve it (four eyes)."""
        actions = super().get_actions(obj, user)
        state = obj.current_workflow_state
        if state is None or state.requested_by_id != user.pk:
            return actions
        return [action for action in actions if action[0] != "approve"]

    @classmethod
    def get_description(cls) -> str:
        """Say in the list of steps what this one does."""
        return _("所选组的成员审核；退回须写原因，提交人不能审核自己的内容")
