import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certificates.content import (
    PLACEHOLDERS,
    UnknownPlaceholder,
    check_text,
    chinese_date,
    figure,
    fill,
    grouped,
    last_day,
    sample_fields,
    ungrouped,
)


def test_placeholders_are_filled_once():
    values = PLACEHOLDERS | {"name": "{hours}", "programme": "甲{0}"}
    assert fill("{name}完成{programme}", values) == "{hours}完成甲{0}"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("{nmae}", "{nmae}"),
        ("{name.__class__}", "{name.__class__}"),
        ("{name[0]}", "{name[0]}"),
        ("{name!r}", "{name!r}"),
        ("{hours:>99999999}", "{hours:>99999999}"),
        ("{}", "{}"),
        ("{{name}}", "{"),
        ("{name", "{"),
        ("name}", "}"),
    ],
)
def test_anything_else_in_braces_is_refused_by_name(text, named):
    with pytest.raises(UnknownPlaceholder) as caught:
        check_text(text)
    assert caught.value.name == named


@given(st.text().filter(lambda text: "{" not in text and "}" not in text))
def test_text_without_braces_stays_as_it_is(text):
    assert fill(text, {}) == text


def test_dates_and_figures_are_written_as_people_write_them():
    assert chinese_date(dt.date(2026, 3, 8)) == "2026年3月8日"
    assert chinese_date(None) == "长期有效"
    assert [figure(Decimal(text)) for text in ("24.00", "4.50", "100", "0")] == ["24", "4.5", "100", "0"]
    assert figure(None) == ""


@pytest.mark.parametrize(
    ("start", "months", "expected"),
    [
        (dt.date(2026, 3, 8), 12, dt.date(2027, 3, 8)),
        (dt.date(2026, 8, 31), 6, dt.date(2027, 2, 28)),
        (dt.date(2027, 8, 31), 6, dt.date(2028, 2, 29)),
        (dt.date(2026, 12, 1), 1, dt.date(2027, 1, 1)),
        (dt.date(2026, 3, 8), None, None),
    ],
)
def test_last_day_is_that_many_months_later(start, months, expected):
    assert last_day(start, months) == expected


@given(st.text("abcXYZ019-_", max_size=40))
def test_code_in_groups_reads_back(code):
    assert ungrouped(grouped(code)) == code


def test_sample_uses_every_placeholder():
    body = " ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    fields = sample_fields(title="证书", body=body, footnote="", prefix="AX", issuer="甲厂")
    assert fields["body"] == " ".join(PLACEHOLDERS.values())
    assert fields["number"].startswith("AX-2026-000001-")
