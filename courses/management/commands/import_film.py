"""Take a film into the library from a file."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.clock import now
from courses.actions.films import store_film
from courses.films import BadFilm
from courses.importers.subtitle_messages import fault_messages
from courses.subtitles import BadSubtitles, decode_subtitles


class Command(BaseCommand):
    """`manage.py import_film FILE.mp4 --title T [--subtitles F.vtt] [--json]`."""

    help = "Store an .mp4 film (H.264 + AAC) with its subtitles (WebVTT or SRT) in the library."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the file and its title."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--title", default="", help="default: the file's name")
        parser.add_argument("--subtitles", type=Path, help="a .vtt or .srt file")
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, **options: Any) -> None:
        """Store the film and print what was read from it."""
        path: Path = options["file"]
        result: dict[str, Any] = {"file": str(path), "errors": []}
        try:
            subtitles = _read_text(options["subtitles"]) if options["subtitles"] else ""
            if not path.is_file():
                raise BadFilm("missing", f"找不到文件“{path}”，请检查路径。")
            stored = store_film(
                path=path,
                title=options["title"] or path.stem,
                subtitles=subtitles,
                acting_user=None,
                now=now(),
            )
        except (BadFilm, BadSubtitles) as error:
            code = error.code if isinstance(error, BadFilm) else "subtitles"
            told = fault_messages(error) if isinstance(error, BadSubtitles) else [str(error)]
            if not options["as_json"]:
                raise CommandError("\n".join(told)) from error
            result["errors"] += [{"code": code, "message": message} for message in told]
            self.stdout.write(json.dumps(result, ensure_ascii=False))
            raise SystemExit(1) from error
        film = stored.film
        result |= {
            "id": film.pk,
            "title": film.title,
            "created": stored.created,
            "duration_s": film.duration,
            "width": film.width,
            "height": film.height,
            "sha256": film.sha256,
        }
        if options["as_json"]:
            self.stdout.write(json.dumps(result, ensure_ascii=False))
        else:
            word = "已存入" if stored.created else "片库里已有同一文件"
            self.stdout.write(f"{word}：{film.title}（编号 {film.pk}，{film.duration:.1f} 秒）")


def _read_text(path: Path) -> str:
    if not path.is_file():
        raise BadFilm("missing", f"找不到字幕文件“{path}”，请检查路径。")
    return decode_subtitles(path.read_bytes())
