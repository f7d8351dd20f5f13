"""Handwritten signatures: what is one, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories.training import SIGNATURE
from training.signatures import MAX_CHARS, NotASignature, check_signature


def test_a_signature_is_returned_as_it_came():
    assert check_signature(SIGNATURE) == SIGNATURE


@pytest.mark.parametrize(
    "path",
    [
        "",
        "M10 10",
        "M10 10L11 11L12 12L13 13L14 14L15 15L16 16L17 17",
        "M10 10L500 10",
        SIGNATURE.replace("410", "601"),
        SIGNATURE.replace("180", "201"),
        SIGNATURE.replace("M10", "M-1"),
        SIGNATURE.replace("L60", "C60"),
        SIGNATURE + '"/><script>',
        SIGNATURE + "Z",
        " " + SIGNATURE,
        SIGNATURE * (MAX_CHARS // len(SIGNATURE) + 1),
    ],
)
def test_anything_else_is_refused(path):
    with pytest.raises(NotASignature):
        check_signature(path)


@given(st.text(alphabet="ML 0123456789", max_size=300))
def test_what_passes_can_be_drawn(path):
    try:
        kept = check_signature(path)
    except NotASignature:
        return
    assert set(kept) <= set("ML 0123456789")
