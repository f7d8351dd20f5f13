"""The English catalogue: complete, with the placeholders of its source, and in English."""

import re
import subprocess
from collections import Counter

from tests.translations import CATALOGUE, entries, untranslated

# {name} and %(name)s, as gettext, blocktranslate and the scripts of the pages use them, and HTML.
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|\{\w*\}|%%|</?\w+[^>]*>")
CHINESE = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]+")
# Chinese that belongs into English texts: words an HR list must hold exactly so (its file is Chinese whatever
# language the screens are in), and the name of the language itself, which its speakers look for.
KEPT = {"工号", "姓名", "状态", "入职日期", "在职", "离岗", "离职", "示例", "年", "月", "日", "简体中文"}
KEPT |= {"总分", "第", "题", "更正原因"}  # columns of the workbook of marks, which is Chinese as well


# What another product's Chinese screens say, quoted with its meaning behind it, and the word a list clears a cell with.
QUOTED = re.compile(r"“[^”]+” \([A-Za-z' ]+\)|“#清空”")


def english() -> list[tuple[str, list[str]]]:
    """Return (source text, English forms) of every entry of the catalogue."""
    return [(msgid, forms) for (_context, msgid), forms in entries(CATALOGUE.read_text()).items()]


def test_every_text_has_english():
    assert untranslated() == []


def test_placeholders_agree():
    # Plural forms may leave a number out; msgfmt compares those.
    one_form = [(msgid, forms[0]) for msgid, forms in english() if len(forms) == 1]
    assert [
        pair
        for pair in one_form
        if Counter(PLACEHOLDER.findall(pair[0])) != Counter(PLACEHOLDER.findall(pair[1]))
    ] == []


def test_no_chinese_is_left():
    texts = [text for _msgid, forms in english() for text in forms]
    assert [text for text in texts if set(CHINESE.findall(QUOTED.sub("", text))) - KEPT] == []


def test_sentences_end_as_their_source_does():
    texts = [(msgid, text) for msgid, forms in english() for text in forms]
    assert [pair for pair in texts if pair[0].endswith("。") and not pair[1].endswith(".")] == []
    assert [text for _msgid, text in texts if text.count("“") != text.count("”")] == []


def test_gettext_accepts_the_catalogue(tmp_path):
    compiled = tmp_path / "django.mo"
    subprocess.run(["msgfmt", "--check", "-o", compiled, CATALOGUE], check=True)
    assert compiled.stat().st_size > 0
