"""Which encoding a text is in, and which bytes are no text at all."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.documents import DocumentProblem, decode

SPEECH = "在全市安全生产工作会议上的讲话\n同志们：\n　　今天召开的会议很重要，1至6月，共发生事故12起。\n"


@pytest.mark.parametrize(
    ("codec", "name"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("gbk", "gb18030"),
        ("gb18030", "gb18030"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32"),
    ],
)
def test_encodings_are_recognised(codec, name):
    assert decode(SPEECH.encode(codec)) == (SPEECH, name)


def test_utf16_big_endian_with_mark():
    assert decode(b"\xfe\xff" + SPEECH.encode("utf-16-be")) == (SPEECH, "utf-16")


def test_line_ends_become_one_kind():
    assert decode("一行\r\n二行\r三行".encode())[0] == "一行\n二行\n三行"


@pytest.mark.parametrize(
    "text", ["安", "安全\n", "𠮷㐂先生主持会议\n", "在全市安全生產工作會議上的講話，各級領導\n"]
)
@pytest.mark.parametrize("codec", ["utf-8", "gb18030"])
def test_short_rare_and_traditional_texts_are_read(text, codec):
    assert decode(text.encode(codec))[0] == text


def test_a_text_in_english_is_read():
    assert decode(b"Safety first.\n") == ("Safety first.\n", "utf-8")


GARBLED = SPEECH.encode().decode("gb18030", errors="ignore")


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ("empty", b""),
        ("empty", b" \r\n\t\n"),
        ("empty", b"\xef\xbb\xbf"),
        ("empty", "\u3000\n\u3000".encode()),
        ("truncated", SPEECH.encode()[:-5]),
        ("truncated", SPEECH.encode("utf-16")[:-1]),
        ("truncated", SPEECH.encode("utf-16-le")[:-1]),
        ("wrong_type", random.Random(1).randbytes(3000)),
        ("wrong_type", SPEECH.encode() + b"\x00" * 40),
        ("undecodable", random.Random(1).randbytes(3000).replace(b"\x00", b"\x01")),
        ("undecodable", bytes(range(128, 256)) * 10),
        ("undecodable", "在全市安全生產工作會議上的講話\n各位同志".encode("big5")),
        ("undecodable", GARBLED.encode()),
        ("undecodable", SPEECH.encode().decode("cp1252", errors="ignore").encode()),
        ("undecodable", ("锟斤拷" * 20).encode()),
        ("undecodable", SPEECH.encode("gbk").decode("utf-8", "replace").encode()),
        ("undecodable", "安全第一の作業をしましょう。カタカナ".encode("shift_jis")),
    ],
)
def test_bytes_that_are_no_chinese_text(code, data):
    with pytest.raises(DocumentProblem) as raised:
        decode(data)
    assert raised.value.code == code


@given(
    st.text(
        alphabet="安全生产责任重于泰山各级党委政府要认真落实，。；：\n 0123456789", min_size=8, max_size=300
    )
)
def test_every_encoding_gives_the_same_text_back(text):
    if sum(char in "安全生产责任重于泰山各级党委政府要认真落实" for char in text) < 4:
        return
    for codec in ("utf-8", "utf-8-sig", "gb18030", "utf-16"):
        assert decode(text.encode(codec))[0] == text


@given(st.binary(max_size=400))
def test_any_bytes_give_a_text_or_a_problem(data):
    try:
        text, encoding = decode(data)
    except DocumentProblem as problem:
        text, encoding = problem.code, "none"
    assert text.strip()
    assert encoding
