import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.subtitles import (
    LIMITS,
    BadSubtitles,
    Cue,
    SubtitleLimits,
    decode_subtitles,
    parse_subtitles,
    plain_text,
    write_vtt,
)

VTT = (
    "\ufeffWEBVTT - 示例\r\n\r\nSTYLE\r\n::cue { color: red }\r\n\r\n1\r\n00:01.000 --> 00:02.500 line:0\r\n"
    "<v 班长>第一行</v>\r\n<b>第二行</b> &amp; 完\r\n\r\nNOTE 说明\r\n\r\n01:00:00.000 --> 01:00:01.000\r\n完\r\n"
)
SRT = "1\r\n00:00:01,000 --> 00:00:02,500\r\n<i>先检测</i>\r\n\r\n2\r\n0:00:03,000 --> 0:00:04,000\r\n{\\an8}再动火\r\n"


def faults(text, **more):
    with pytest.raises(BadSubtitles) as caught:
        parse_subtitles(text, **more)
    return [(fault.code, fault.line, fault.cue) for fault in caught.value.faults]


class TestReading:
    def test_webvtt_with_hours_settings_names_and_styles(self):
        read = parse_subtitles(VTT)
        assert read.cues == (Cue(1000, 2500, "第一行\n第二行 & 完"), Cue(3_600_000, 3_601_000, "完"))
        assert not read.is_srt
        assert [(lost.code, lost.line) for lost in read.losses] == [
            ("style", 3),
            ("settings", 7),
            ("marks", 8),
            ("marks", 9),
            ("note", 11),
        ]

    def test_srt_is_converted(self):
        read = parse_subtitles(SRT)
        assert read.is_srt
        assert read.cues == (Cue(1000, 2500, "先检测"), Cue(3000, 4000, "再动火"))
        assert write_vtt(read.cues).startswith("WEBVTT\n\n00:00:01.000 --> 00:00:02.500\n先检测\n\n")

    def test_srt_without_empty_lines_between_cues(self):
        text = "1\n00:00:01,000 --> 00:00:02,000\n甲\n2\n00:00:03,000 --> 00:00:04,000\n乙\n"
        assert [cue.text for cue in parse_subtitles(text).cues] == ["甲", "乙"]

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
    def test_encodings_of_chinese_tools(self, encoding):
        text = "WEBVTT\n\n00:01.000 --> 00:02.000\n有限空间先通风、再检测、后作业。\n"
        assert parse_subtitles(decode_subtitles(text.encode(encoding))).cues[0].text.startswith("有限空间")


class TestFaults:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("", [("no_cues", 0, 0)]),
            ("会议纪要\n第一条", [("no_header", 1, 0)]),
            ("WEBVTT\n\n只有文字\n", [("no_cues", 0, 0)]),
            ("WEBVTT\n\n00:61.000 --> 00:62.000\n字\n", [("bad_time", 3, 1)]),
            ("WEBVTT\n\n1,0 --> 2,0\n字\n", [("bad_time", 3, 1)]),
            ("WEBVTT\n\n00:02.000 --> 00:01.000\n字\n", [("end_before_start", 3, 1)]),
            ("WEBVTT\n\n00:02.000 --> 00:03.000\n\n", [("no_text", 3, 1)]),
            ("WEBVTT\n\n00:02.000 --> 00:03.000\n" + "字" * 401, [("too_long", 3, 1)]),
            (
                "WEBVTT\n\n00:05.000 --> 00:06.000\n甲\n\n00:01.000 --> 00:02.000\n乙\n",
                [("out_of_order", 6, 2)],
            ),
            ("WEBVTT\n\n00:01.000 --> 00:03.000\n甲\n\n00:02.000 --> 00:04.000\n乙\n", [("overlap", 6, 2)]),
        ],
    )
    def test_each_names_its_line_and_cue(self, text, expected):
        assert faults(text) == expected

    def test_all_are_told_at_once_in_the_order_of_the_file(self):
        text = "WEBVTT\n\n00:09.000 --> 00:08.000\n甲\n\nx --> y\n乙\n\n00:20.000 --> 00:31.000\n丙\n"
        assert faults(text, duration_s=30) == [
            ("end_before_start", 3, 1),
            ("bad_time", 6, 2),
            ("past_the_end", 9, 3 - 1),
        ]

    def test_a_cue_may_outlast_the_film_by_a_rounding(self):
        text = "WEBVTT\n\n00:01.000 --> 00:03.400\n甲\n"
        assert parse_subtitles(text, duration_s=3.0).cues
        assert faults(text, duration_s=2.8) == [("past_the_end", 3, 1)]
        assert parse_subtitles(text, duration_s=0).cues

    def test_too_many_and_too_large(self):
        text = write_vtt(Cue(at * 1000, at * 1000 + 900, "字") for at in range(4))
        assert faults(text, limits=SubtitleLimits(max_cues=3)) == [("too_many", 0, 0)]
        with pytest.raises(BadSubtitles, match="too_large"):
            decode_subtitles(b"x" * (LIMITS.max_bytes + 1))

    @pytest.mark.parametrize(
        "data", [b"\x00\x01\x02\xff" * 50, b"\x81\x20\xff\xff" * 20, b"\x89PNG\r\n\x1a\n"]
    )
    def test_what_is_no_text(self, data):
        with pytest.raises(BadSubtitles, match="encoding"):
            decode_subtitles(data)


class TestNoMarkupComesThrough:
    @pytest.mark.parametrize(
        "hostile",
        [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "</textarea><b onclick=x>",
            "&lt;script&gt;",
            "甲 --> 乙",
            "<c.red><v 班长>",
        ],
    )
    def test_written_text_has_no_tag_and_no_second_cue(self, hostile):
        written = write_vtt([Cue(0, 1000, hostile)])
        assert "<" not in written
        assert written.count("-->") == 1
        assert parse_subtitles(written).cues == (Cue(0, 1000, hostile),)

    def test_unseen_characters_go(self):
        assert plain_text("甲\u202e乙\x00\u200b\n\n\u2028丙 ") == "甲乙\n丙"


cues_of_any_text = st.lists(
    st.tuples(st.integers(1, 5000), st.integers(0, 5000), st.text(min_size=1, max_size=80)), max_size=8
)


@given(cues_of_any_text)
def test_what_is_written_is_read_again(rows):
    at, cues = 0, []
    for length, gap, text in rows:
        if words := plain_text(text):
            cues.append(Cue(at + gap, at + gap + length, words))
            at += gap + length
    if cues:
        assert parse_subtitles(write_vtt(cues)).cues == tuple(cues)


@given(st.text(max_size=400))
def test_nothing_a_file_holds_raises_anything_else(text):
    try:
        read = parse_subtitles("WEBVTT\n\n" + text, duration_s=10)
    except BadSubtitles as bad:
        assert bad.faults
    else:
        assert parse_subtitles(write_vtt(read.cues), duration_s=10).cues == read.cues
