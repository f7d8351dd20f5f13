from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.canonical import canonical_json
from common.signing import (
    FieldKeyMismatch,
    decrypt_text,
    encrypt_text,
    keyed_digest,
    mac,
    make_token,
    same,
    token_digest,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


def test_canonical_json_is_sorted_compact_and_keeps_chinese():
    value = {"姓名": "张三", "hours": "24.0", "b": [1, True, None], "a": {"z": 1, "y": 2}}
    expected = '{"a":{"y":2,"z":1},"b":[1,true,null],"hours":"24.0","姓名":"张三"}'
    assert canonical_json(value) == expected.encode()


def test_order_of_keys_makes_no_difference():
    assert canonical_json({"b": 1, "a": 2}) == canonical_json({"a": 2, "b": 1})


@pytest.mark.parametrize(
    "value",
    [
        0.5,
        {"a": 1.0},
        [[2.0]],
        {"a": ({"b": float("nan")},)},
        Decimal("1.5"),
        {"a": {1, 2}},
        {1: "a"},
        {None: 1},
    ],
)
def test_canonical_json_refuses_what_has_no_one_form(value):
    with pytest.raises(TypeError):
        canonical_json(value)


def test_canonical_json_refuses_text_without_utf8_form():
    with pytest.raises(UnicodeEncodeError):
        canonical_json({"a": "\ud800"})


@given(JSON, JSON)
def test_different_values_have_different_forms(left, right):
    assert (canonical_json(left) == canonical_json(right)) == (repr_of(left) == repr_of(right))


def repr_of(value):
    """Tell 1 from True, and nothing by the order of keys."""
    if isinstance(value, dict):
        return ("dict", sorted((key, repr_of(item)) for key, item in value.items()))
    if isinstance(value, list):
        return ("list", [repr_of(item) for item in value])
    return repr(value)


def test_tokens_are_long_unguessable_and_safe_in_a_url():
    tokens = {make_token() for _ in range(100)}
    assert len(tokens) == 100
    assert {len(token) for token in tokens} == {27}
    assert all(token.replace("-", "").replace("_", "").isalnum() for token in tokens)


def test_token_digest_is_sha256():
    assert token_digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_encrypted_text_comes_back(text):
    ciphertext = encrypt_text(text)
    assert decrypt_text(ciphertext) == text
    assert not text or text not in ciphertext or len(text) < 4


def test_encrypting_twice_gives_different_ciphertexts():
    assert encrypt_text("110101199001011234") != encrypt_text("110101199001011234")


def test_rotated_keys_open_old_values_and_encrypt_with_the_newest(settings):
    settings.FIELD_KEYS = ["old-key-" + "o" * 32]
    old = encrypt_text("旧值")
    digest = keyed_digest("id_number", "110101199001011234")
    settings.FIELD_KEYS = ["new-key-" + "n" * 32, "old-key-" + "o" * 32]
    new = encrypt_text("新值")
    assert decrypt_text(old) == "旧值"
    assert keyed_digest("id_number", "110101199001011234") == digest
    settings.FIELD_KEYS = ["new-key-" + "n" * 32]
    assert decrypt_text(new) == "新值"
    with pytest.raises(FieldKeyMismatch):
        decrypt_text(old)


@pytest.mark.parametrize("ciphertext", ["", "not a ciphertext", "gAAAAA", "密文"])
def test_what_is_no_ciphertext_does_not_open(ciphertext):
    with pytest.raises(FieldKeyMismatch):
        decrypt_text(ciphertext)


def test_tampered_ciphertext_does_not_open():
    ciphertext = encrypt_text("王建国")
    middle = len(ciphertext) // 2
    tampered = ciphertext[:middle] + ("A" if ciphertext[middle] != "A" else "B") + ciphertext[middle + 1 :]
    with pytest.raises(FieldKeyMismatch):
        decrypt_text(tampered)


def test_keyed_digest_depends_on_purpose_text_and_key(settings):
    digests = {keyed_digest("id_number", "1"), keyed_digest("phone", "1"), keyed_digest("id_number", "2")}
    settings.FIELD_KEYS = ["another-" + "k" * 32]
    digests.add(keyed_digest("id_number", "1"))
    assert len(digests) == 4
    assert {len(digest) for digest in digests} == {64}


def test_mac_is_hmac_sha256_over_lines():
    # printf 'a\n1\n0' | openssl dgst -sha256 -hmac key
    assert mac("key", "a", 1, 0) == "28ed50e5fd0f9ef13fab10e6855153720e89f4ed5722f66cb7f0b6e65b677a40"
    assert mac("key", "a") != mac("yek", "a")


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        ("ab", "ab", True),
        ("ab", "ac", False),
        ("ab", "", False),
        ("ab", "甲", False),
        ("ab", "\ud800", False),
    ],
)
def test_same_answers_whatever_a_client_sends(left, right, equal):
    assert same(left, right) is equal
