"""Tell which texts of the interface have no English: `python -m tests.translations`.

Texts are collected anew into a temporary folder, so a text that was added without its translation shows up
even when nobody ran `make messages`.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "locale" / "en" / "LC_MESSAGES" / "django.po"


def entries(text: str) -> dict[tuple[str, str], list[str]]:
    """Return (context, msgid) → msgstr forms of a .po file; fuzzy entries count as untranslated."""
    found: dict[tuple[str, str], list[str]] = {}
    for block in text.split("\n\n"):
        fields: dict[str, str] = {}
        current = ""
        fuzzy = obsolete = False
        for line in block.splitlines():
            if line.startswith("#~"):
                obsolete = True
            elif line.startswith("#,") and "fuzzy" in line:
                fuzzy = True
            elif line.startswith("#"):
                continue
            elif line.startswith('"'):
                fields[current] += _unquote(line)
            elif " " in line:
                current, _, rest = line.partition(" ")
                fields[current] = _unquote(rest)
        if obsolete or not fields.get("msgid"):
            continue
        forms = [value for name, value in fields.items() if name.startswith("msgstr")]
        found[(fields.get("msgctxt", ""), fields["msgid"])] = [] if fuzzy else forms
    return found


def _unquote(text: str) -> str:
    return text.strip()[1:-1].replace('\\"', '"').replace("\\n", "\n").replace("\\\\", "\\")


def collected() -> set[tuple[str, str]]:
    """Return every (context, msgid) the sources hold now."""
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder) / "locale" / "en" / "LC_MESSAGES"
        template.mkdir(parents=True)
        listing = subprocess.run(
            [
                "git",
                "ls-files",
                "--cached",
                "--others",
                "--exclude-standard",
                "*.py",
                "*.html",
                "*.txt",
                "*.svg",
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split("\n")
        for name in filter(None, listing):
            if name.startswith("tests/") or "/migrations/" in name or not (ROOT / name).exists():
                continue
            target = Path(folder) / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((ROOT / name).read_bytes())
        subprocess.run(
            [
                sys.executable,
                "-m",
                "django",
                "makemessages",
                "-l",
                "en",
                "--no-wrap",
                "--no-location",
                "-v",
                "0",
            ],
            cwd=folder,
            check=True,
        )
        return set(entries((template / "django.po").read_text()))


def untranslated() -> list[str]:
    """Return the texts that stand in the sources and have no English."""
    known = entries(CATALOGUE.read_text()) if CATALOGUE.exists() else {}
    return sorted(msgid for context, msgid in collected() if not all(known.get((context, msgid)) or [""]))


if __name__ == "__main__":
    missing = untranslated()
    for text in missing:
        sys.stdout.write(f"no English: {text!r}\n")
    sys.stdout.write(f"{len(missing)} texts without English\n")
    sys.exit(bool(missing))
