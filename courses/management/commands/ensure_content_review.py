"""Make the review of content, and say whether everything must go through it."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from common import clock
from courses.actions.review import LEGAL_GROUP, ensure_review_workflow
from courses.models import LearningHomePage


class Command(BaseCommand):
    """`manage.py ensure_content_review [--required | --optional]`: safe to run again."""

    help = "Put the workflow 安全审核 → 法务审核 on the library; --required takes publishing from editors."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare whether review is required."""
        group = parser.add_mutually_exclusive_group()
        group.add_argument("--required", action="store_true", default=None, help="editors cannot publish")
        group.add_argument("--optional", action="store_false", dest="required", help="editors may publish")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make what is missing and say who reviews."""
        try:
            workflow = ensure_review_workflow(required=options["required"], acting_user=None, now=clock.now())
        except LearningHomePage.DoesNotExist as error:
            raise CommandError(_("还没有学习首页：请先导入一篇文档，或在后台新建学习首页。")) from error
        self.stdout.write(
            _("审核流程“%(name)s”已就绪：安全员审核，再由“%(group)s”组审核。")
            % {"name": workflow.name, "group": LEGAL_GROUP}
        )
