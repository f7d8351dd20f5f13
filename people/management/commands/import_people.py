"""Import an HR list from the command line."""

import json
import sys
from argparse import ArgumentParser, BooleanOptionalAction
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.clock import now
from people.actions.import_plan import ImportOptions
from people.errors import ImportStopped
from people.importers.importing import Examined, examine, import_file
from people.shapes import no_progress


class Command(BaseCommand):
    """Create, move and end employees after a list; all of it or nothing."""

    help = "导入人员名单（.xlsx、.xls、.csv）：新建、转岗、离职、返岗；有一处错误就什么也不保存。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("file", metavar="FILE", help="名单文件")
        parser.add_argument("--dry-run", action="store_true", help="只检查和比对，不保存")
        parser.add_argument("--json", action="store_true", help="只在标准输出打印一个 JSON 对象")
        parser.add_argument(
            "--create-missing",
            action=BooleanOptionalAction,
            default=None,
            help="新建没有的部门和岗位（组织为空时默认新建）",
        )
        parser.add_argument(
            "--skip-faulty", action="store_true", help="只导入没有错误的行；有错误的行不导入，逐条列出"
        )
        parser.add_argument("--source", default="file", help="名单来源；各列的含义按来源分别记住")
        parser.add_argument("--full-roster", action="store_true", help="名单即全员：没有列出的人视为离职")
        parser.add_argument(
            "--allow-ending", type=int, default=0, metavar="N", help="全员名单允许办理离职的人数上限"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the import; exit with status 1 if the file has errors."""
        path = Path(options["file"])
        chosen = ImportOptions(
            options["create_missing"], options["full_roster"], options["allow_ending"], options["skip_faulty"]
        )
        run = examine if options["dry_run"] else import_file
        try:
            examined = run(
                path,
                file_name=path.name,
                options=chosen,
                source=options["source"],
                acting_user=None,
                now=now(),
                progress=self._show if sys.stderr.isatty() else no_progress,
            )
        except ImportStopped as stopped:
            raise CommandError(
                f"写入时数据有了变化：已写入 {stopped.done} 处，其余 {stopped.total - stopped.done} 处没有写入；"
                "请再运行一次，会接着比对剩下的"
            ) from stopped
        if options["json"]:
            result = {**examined.counts, "errors": examined.faults}
            if options["skip_faulty"]:
                result["left_out"] = len(examined.file.faulty)
            self.stdout.write(json.dumps(result, ensure_ascii=False))
        else:
            self._report(examined, dry_run=options["dry_run"])
        if examined.is_stopped:
            sys.exit(1)

    def _show(self, phase: str, done: int, total: int) -> None:
        words = {"read": "读取", "check": "比对", "write": "写入"}
        self.stderr.write(f"\r{words[phase]} {done}/{total}   ", ending="")

    def _report(self, examined: Examined, *, dry_run: bool) -> None:
        for fault in examined.faults:
            place = f"{fault['sheet']} 第 {fault['row']} 行 {fault['column']}：" if fault["row"] else ""
            self.stderr.write(f"{place}{fault['message']}")
        for note in examined.file.notes:
            self.stderr.write(note)
        counts = examined.counts
        self.stdout.write(
            f"{counts['rows']} 行：新建 {counts['created']}，转岗 {counts['moved']}，用工变更 {counts['terms']}，"
            f"离开 {counts['left']}，返岗 {counts['returned']}，不变 {counts['unchanged']}；错误 {len(examined.faults)} 处"
        )
        if examined.is_stopped:
            self.stdout.write("什么也没有保存。")
        elif dry_run:
            self.stdout.write("这是试运行，没有保存。")
        elif examined.file.faulty:
            self.stdout.write(f"有错误的 {len(examined.file.faulty)} 行没有导入，其余已导入。")
