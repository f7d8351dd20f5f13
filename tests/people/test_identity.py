import pytest

from people.identity import id_number_flaw, mask_id_number, mask_phone


@pytest.mark.parametrize(
    ("number", "flaw"),
    [
        ("11010519491231002X", None),  # the example of GB 11643-1999
        ("440524188001010014", None),
        ("110105194912310021", "check"),
        ("11010519491331002X", "date"),
        ("11010519490229002X", "date"),
        ("110105491231002", "length"),
        ("11010519491231002x", "length"),
        ("01010519491231002X", "length"),
        ("", "length"),
    ],
)
def test_id_number_flaw(number, flaw):
    assert id_number_flaw(number) == flaw


def test_masks():
    assert mask_id_number("11010519491231002X") == "110105********002X"
    assert mask_id_number("123") == "***"
    assert mask_phone("13812345678") == "138****5678"
    assert mask_phone("110") == "***"
