import pytest
from hypothesis import given
from hypothesis import strategies as st

from certificates.numbering import (
    LAST_SEQUENCE,
    BadNumber,
    NumbersExhausted,
    check_digits,
    is_number,
    is_prefix,
    make_number,
    parse_number,
    series_name,
)

numbers = st.builds(
    make_number,
    st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=10),
    st.integers(1000, 9999),
    st.integers(1, LAST_SEQUENCE),
)


def test_number_is_prefix_year_six_digits_and_check_digits():
    assert str(make_number("AX", 2026, 123)) == "AX-2026-000123-89"


def test_check_digits_of_a_known_lei():
    # ISO 17442 uses the same scheme; this LEI is in public use.
    assert check_digits("5493001KJTIIGC8Y1R") == "12"


@given(numbers)
def test_printed_number_reads_back(number):
    assert parse_number(str(number)) == number


@given(numbers)
def test_number_is_read_however_it_is_typed(number):
    typed = str(number).lower().replace("-", " — ")
    assert parse_number(f"　{typed} ") == number


@given(numbers, st.data())
def test_every_single_wrong_character_is_found(number, data):
    text = str(number).replace("-", "")
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(
        st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ").filter(lambda c: c != text[place])
    )
    assert not is_number(text[:place] + other + text[place + 1 :])


@given(numbers, st.data())
def test_every_swap_of_neighbours_is_found(number, data):
    text = str(number).replace("-", "")
    places = [at for at in range(len(text) - 1) if text[at] != text[at + 1]]
    at = data.draw(st.sampled_from(places))
    assert not is_number(text[:at] + text[at + 1] + text[at] + text[at + 2 :])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "form"),
        ("AX-2026-123-89", "form"),
        ("2026-000123-89", "form"),
        ("AX-2026-000000-00", "form"),
        ("AX-0026-000123-89", "form"),
        ("AX-2026-000123-88", "check"),
    ],
)
def test_bad_number_tells_form_from_check(text, reason):
    with pytest.raises(BadNumber) as caught:
        parse_number(text)
    assert caught.value.reason == reason


@pytest.mark.parametrize("prefix", ["", "ax", "A1", "安", "ABCDEFGHIJK", "A\n"])
def test_bad_prefix_is_refused(prefix):
    assert not is_prefix(prefix)
    with pytest.raises(BadNumber):
        make_number(prefix, 2026, 1)


def test_series_ends_at_six_digits():
    assert str(make_number("AX", 2026, LAST_SEQUENCE)).startswith("AX-2026-999999-")
    with pytest.raises(NumbersExhausted, match="AX-2026"):
        make_number("AX", 2026, LAST_SEQUENCE + 1)


@pytest.mark.parametrize(("year", "sequence"), [(999, 1), (10000, 1), (2026, 0)])
def test_impossible_year_or_sequence_is_refused(year, sequence):
    with pytest.raises(BadNumber):
        make_number("AX", year, sequence)


def test_series_is_named_by_prefix_and_year():
    assert series_name("AX", 2026) == "AX-2026"
