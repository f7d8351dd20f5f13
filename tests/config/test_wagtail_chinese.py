"""The editors' interface speaks Chinese: packages' catalogues and our own together leave nothing in English."""

import re
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.utils.translation import gettext, ngettext, override

ROOT = Path(__file__).resolve().parents[2]
OURS = ROOT / "locale"
PACKAGES = [
    "wagtail",
    "wagtail.admin",
    "wagtail.contrib.settings",
    "wagtail.contrib.typed_table_block",
    "wagtail.documents",
    "wagtail.embeds",
    "wagtail.images",
    "wagtail.search",
    "wagtail.sites",
    "wagtail.snippets",
    "wagtail.users",
    "wagtailmedia",
    "taggit",
    "django.contrib.auth",
]
PLACEHOLDER = re.compile(r"%\(\w+\)[sdr]|\{\w*\}|%[sd]|</?\w+|href=\"[^\"]*\"")
# The search view hands no name over, so the Chinese does without (see the catalogue).
LEFT_OUT = {"%(start_index)s-%(end_index)s of %(items_count)s %(model_name)s": {"%(model_name)s"}}
THE_SAME_IN_CHINESE = {"Wagtail API v3"}


class Message(NamedTuple):
    """One entry of a catalogue; a fuzzy one has no forms."""

    context: str
    text: str
    plural: str
    forms: list[str]


def messages(path: Path) -> list[Message]:
    """Return the entries of a .po file without its header."""
    found = []
    for block in path.read_text().split("\n\n") if path.exists() else []:
        fields: dict[str, str] = {}
        name = ""
        for line in block.splitlines():
            if line.startswith("#"):
                continue
            keyword, _, quoted = line.partition('"')
            if keyword:
                name = keyword.strip()
                fields[name] = ""
            fields[name] += re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t"}.get(m[1], m[1]), quoted[:-1])
        fuzzy = re.search(r"^#,.*\bfuzzy\b", block, re.MULTILINE)
        forms = [value for name, value in fields.items() if name.startswith("msgstr")]
        if fields.get("msgid"):
            plural = fields.get("msgid_plural", "")
            found.append(Message(fields.get("msgctxt", ""), fields["msgid"], plural, [] if fuzzy else forms))
    return found


def catalogue(folder: Path, language: str, domain: str = "django") -> list[Message]:
    """Return the entries of one catalogue of a locale folder, none if it has no such language."""
    return messages(folder / language / "LC_MESSAGES" / f"{domain}.po")


def locale_of(package: str) -> Path:
    """Return the folder with the catalogues a package brings along."""
    spec = find_spec(package)
    assert spec is not None, package
    assert spec.origin is not None, package
    return Path(spec.origin).parent / "locale"


def translated(entries: list[Message]) -> set[tuple[str, str]]:
    """Return (context, text) of the entries all of whose forms are filled in."""
    return {(entry.context, entry.text) for entry in entries if entry.forms and all(entry.forms)}


@pytest.mark.parametrize(
    ("domain", "package"), [*(("django", package) for package in PACKAGES), ("djangojs", "wagtail.admin")]
)
def test_every_text_of_a_package_is_translated(domain: str, package: str) -> None:
    english = catalogue(locale_of(package), "en", domain)
    assert english
    # Django makes one dictionary of all catalogues; that of the scripts is made of wagtail.admin and ours.
    sources = [locale_of(name) for name in (PACKAGES if domain == "django" else [package])]
    chinese = translated(catalogue(OURS, "zh_Hans", domain))
    for folder in sources:
        chinese |= translated(catalogue(folder, "zh_Hans", domain))
    assert [entry.text for entry in english if (entry.context, entry.text) not in chinese] == []


@pytest.mark.parametrize("domain", ["django", "djangojs"])
def test_our_texts_are_chinese_with_the_same_placeholders(domain: str) -> None:
    entries = catalogue(OURS, "zh_Hans", domain)
    assert entries
    for entry in entries:
        (form,) = entry.forms
        if entry.text not in THE_SAME_IN_CHINESE:
            assert re.search("[\u4e00-\u9fff：（]", form), entry.text
        expected = set(PLACEHOLDER.findall(entry.plural or entry.text)) - LEFT_OUT.get(entry.text, set())
        assert set(PLACEHOLDER.findall(form)) == expected, entry.text


def test_our_catalogue_goes_before_those_of_the_packages(tmp_path: Path, settings: Any) -> None:
    folder = tmp_path / "zh_Hans" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    source = OURS / "zh_Hans" / "LC_MESSAGES" / "django.po"
    subprocess.run(["msgfmt", "--check-format", "-o", folder / "django.mo", source], check=True)
    settings.LOCALE_PATHS = [tmp_path]
    with override("zh-hans"):
        for entry in catalogue(OURS, "zh_Hans"):
            assert not entry.context
            found = ngettext(entry.text, entry.plural, 1) if entry.plural else gettext(entry.text)
            assert [found] == entry.forms
