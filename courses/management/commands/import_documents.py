"""Take documents in: speeches, cases and rules from .docx, .txt, .md and .pdf files."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common import clock
from courses.actions.lessons import LessonResult, create_lesson_pages
from courses.actions.shelves import SHELF_OF_TYPE, SHELVES, UnknownShelf, ensure_shelves, get_shelf
from courses.documents import DocumentProblem
from courses.importers.files import FileReport, files_in, pictures_of, read_file
from courses.importers.messages import (
    LOSS_NAMES,
    REPAIR_NAMES,
    loss_place,
    loss_text,
    problem_message,
    report_data,
)
from courses.models import ShelfPage


class Command(BaseCommand):
    """Import documents as drafts; list every repair; go on past bad files."""

    help = (
        "Import .docx, .txt, .md and .pdf files as lessons (drafts unless --publish; those of a PDF always)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="files or folders")
        parser.add_argument("--type", required=True, choices=sorted(SHELF_OF_TYPE), dest="lesson_type")
        parser.add_argument("--parent", metavar="SLUG", help="the shelf's slug; by default the type's own")
        parser.add_argument("--publish", action="store_true", help="publish instead of keeping drafts")
        parser.add_argument("--dry-run", action="store_true", help="read and repair, save nothing")
        parser.add_argument("--json", action="store_true", help="print the report as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import every file; fail at the end if any had errors."""
        shelf = self._shelf(options)
        reports = []
        for path in files_in(options["paths"]):
            report = read_file(path)
            results: list[LessonResult] = []
            if report.documents and shelf is not None:
                report, results = self._keep(report, shelf, options)
            reports.append(report)
            if not options["json"]:
                self._tell(report, results, dry_run=options["dry_run"])
        if options["json"]:
            data = {"files": [report_data(report) for report in reports]}
            # A terminal that knows no Chinese still gets JSON that says the same.
            encoding = getattr(self.stdout, "encoding", None) or "utf-8"
            plain = not encoding.lower().startswith("utf")
            self.stdout.write(json.dumps(data, ensure_ascii=plain, indent=2))
        bad = sum(report.problem is not None for report in reports)
        if not reports:
            raise CommandError(_("没有找到可以导入的文件。"))
        if bad:
            raise CommandError(
                ngettext("%(count)d 个文件没有导入。", "%(count)d 个文件没有导入。", bad) % {"count": bad}
            )

    def _shelf(self, options: dict[str, Any]) -> ShelfPage | None:
        """Return the shelf to import to, None for a dry run. Raises CommandError for an unknown slug."""
        slug = options["parent"] or SHELF_OF_TYPE[options["lesson_type"]]
        try:
            if options["dry_run"]:
                if options["parent"] and slug not in SHELVES:
                    get_shelf(slug)
                return None
            if slug in SHELVES:
                return ensure_shelves(acting_user=None, now=clock.now())[slug]
            return get_shelf(slug)
        except UnknownShelf as unknown:
            raise CommandError(str(unknown)) from unknown

    def _keep(
        self, report: FileReport, shelf: ShelfPage, options: dict[str, Any]
    ) -> tuple[FileReport, list[LessonResult]]:
        try:
            results = create_lesson_pages(
                documents=report.documents,
                lesson_type=options["lesson_type"],
                shelf=shelf,
                pictures=pictures_of(report),
                source=Path(report.file).stem,
                publish=options["publish"] and not report.is_draft_only,
                acting_user=None,
                now=clock.now(),
            )
        except (ValidationError, DocumentProblem) as error:
            problem = (
                error if isinstance(error, DocumentProblem) else DocumentProblem("unreadable", str(error))
            )
            return FileReport(report.file, report.path, report.encoding, problem=problem), []
        return report, results

    def _tell(self, report: FileReport, results: list[LessonResult], *, dry_run: bool) -> None:
        """Write one file's report for people."""
        self.stdout.write(report.file)
        if report.problem is not None:
            self.stderr.write("  " + problem_message(report.file, report.problem))
        for place, document in enumerate(report.documents):
            self.stdout.write(f"  《{document.title}》")
            self.stdout.write(
                "    "
                + _("小标题 %(headings)d 个，段落 %(paragraphs)d 个")
                % {"headings": len(document.headings), "paragraphs": document.paragraphs}
            )
            for repair in document.repairs:
                self.stdout.write(f"    {REPAIR_NAMES[repair.kind]} ×{repair.count}：{repair.example}")
            for loss in document.losses:
                self.stdout.write(
                    f"    ! {loss_place(loss)}：{LOSS_NAMES[loss.kind]}：{loss_text(loss)}".rstrip("：")
                )
            if dry_run:
                self.stdout.write("    " + _("试运行，没有保存"))
            elif results[place].created:
                state = _("已发布") if results[place].page.live else _("已存为草稿")
                self.stdout.write(f"    {state}：/admin/pages/{results[place].page.pk}/edit/")
            else:
                self.stdout.write("    " + _("书架上已有相同内容，没有重复导入"))
