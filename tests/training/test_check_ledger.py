"""The program that checks proofs and exports alone: its arithmetic, and what it says about files of this site."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from common.signatures import is_signed, known_keys, sign
from tests.factories.people import EmployeeFactory
from tests.factories.training import at, make_record
from training import merkle
from training.actions.sealing import checkpoint_text, seal_ledger, take_checkpoint
from training.errors import NotSealed
from training.models import TrainingRecord
from training.queries.proofs import consistency, proof_of

PROGRAM = Path(__file__).resolve().parents[2] / "tools" / "check_ledger.py"
NOW = at("2026-03-05")

_spec = importlib.util.spec_from_file_location("check_ledger", PROGRAM)
alone = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(alone)

# RFC 8032 section 7.1, tests 1, 2, 3 and SHA(abc).
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ),
]


@pytest.mark.parametrize(("key", "message", "signature"), VECTORS)
def test_signatures_of_the_standard_are_accepted_and_none_that_was_touched(key, message, signature):
    key, message, signature = (bytes.fromhex(text) for text in (key, message, signature))
    assert alone.is_signed(key, message, signature)
    assert not alone.is_signed(key, message + b"x", signature)
    assert not alone.is_signed(key, message, signature[:-1] + bytes([signature[-1] ^ 1]))
    assert not alone.is_signed(key, message, bytes([signature[0] ^ 1]) + signature[1:])
    # The same signature with the group's order added to its second half: accepted by careless programs.
    factor = int.from_bytes(signature[32:], "little") + alone.ORDER
    assert not alone.is_signed(key, message, signature[:32] + factor.to_bytes(32, "little"))
    assert not alone.is_signed(key, message, signature[:-1])


def test_both_programs_agree_on_signatures():
    key, signature = sign(b"seal")
    assert is_signed(b"seal", key, signature)
    assert alone.is_signed(bytes.fromhex(key), b"seal", bytes.fromhex(signature))
    assert not is_signed(b"Seal", key, signature)
    assert not is_signed(b"seal", "zz", signature)


@given(st.integers(1, 40), st.data())
def test_both_programs_agree_on_paths(size, data):
    leaves = [merkle.leaf_hash(str(number).encode()) for number in range(size)]
    index = data.draw(st.integers(0, size - 1))
    path = merkle.inclusion_proof(index, leaves)
    assert alone.root_by_path(leaves[index], index, size, path) == merkle.root(leaves)
    tree = alone.Tree()
    for leaf in leaves:
        tree.add(leaf)
    assert tree.root() == merkle.root(leaves)


@pytest.fixture
def ledger(db):
    """Ten rows under three seals, the first of them with a checkpoint, and one row not sealed yet."""
    person = EmployeeFactory(name="张伟", employee_no="000001")
    checkpoint = None
    for number in range(1, 11):
        make_record(person, trainer_name="周师傅")
        if number in (4, 7, 10):
            seal_ledger(now=NOW)
        if number == 4:
            checkpoint = take_checkpoint(way="file", acting_user=None, now=NOW)
    make_record(person)
    return checkpoint


def run(*arguments):
    # -I: neither this project nor anything installed is found.
    command = [sys.executable, "-I", "-S", str(PROGRAM), "--key", known_keys()[0], *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_proof_of_one_row_is_good_alone_and_says_no_name(ledger, tmp_path):
    proof = proof_of(TrainingRecord.objects.get(seq=6))
    path = tmp_path / "proof.json"
    path.write_text(json.dumps(proof, ensure_ascii=False), encoding="utf-8")
    status, said = run(path)
    assert (status, said[:9]) == (0, "ok: row 6")
    assert not {"张伟", "000001", "周师傅"} & set(said.split('"'))

    path.write_text(json.dumps(proof | {"payload": proof["payload"].replace("8.00", "9.00")}))
    assert run(path) == (1, "WRONG: row 6 is not what was sealed\n")
    path.write_text(json.dumps(proof | {"seal": proof["seal"] | {"size": 11}}))
    assert run(path)[1].startswith("WRONG: the signature of seal 3")
    path.write_text("{")
    assert run(path)[0] == 2
    with pytest.raises(NotSealed):
        proof_of(TrainingRecord.objects.get(seq=11))


def test_whole_export_is_good_alone_and_any_changed_line_is_found(ledger, tmp_path):
    path, old = tmp_path / "ledger.jsonl", tmp_path / "old.json"
    old.write_text(checkpoint_text(ledger))
    call_command("export_ledger", output=str(path), checkpoint=str(old))
    lines = path.read_text().splitlines(keepends=True)
    assert len(lines) == 1 + 11 + 3 + 1
    assert run("--every-signature", "--checkpoint", old, path)[1].startswith("ok: 11 rows, 10 of them sealed")
    for number in range(1, len(lines) - 3):
        path.write_text("".join(lines[:number] + lines[number + 1 :]))
        assert run(path)[0] == 1, lines[number]
    path.write_text("".join(lines).replace("厂级安全教育", "厂级安全教肓", 1))
    assert run(path)[0] == 1
    path.write_text("".join(lines))
    other = json.loads(old.read_text()) | {"root": "0" * 64}
    old.write_text(json.dumps(other))
    assert run("--checkpoint", old, path)[0] == 1
    call_command("export_ledger", output=str(path), no_proofs=True)
    assert "path" not in path.read_text()
    assert run(path)[0] == 0
    with pytest.raises(CommandError, match="checkpoint"):
        call_command("export_ledger", checkpoint=str(tmp_path / "none"))


def test_old_checkpoint_is_proved_to_be_the_beginning_of_the_newest_seal(ledger):
    shown = consistency(ledger)
    assert merkle.verify_consistency(
        4,
        10,
        bytes.fromhex(ledger.root),
        bytes.fromhex(shown["new"]["root"]),
        [bytes.fromhex(node) for node in shown["path"]],
    )
