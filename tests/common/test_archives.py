import io
import stat
import struct
import warnings
import zipfile

import docx
import openpyxl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from common.archives import OLE_MAGIC, ArchiveLimits, BadArchive, check_archive

DOCUMENT = "word/document.xml"
SMALL = ArchiveLimits(max_entries=5, max_unpacked_bytes=8 * 1024 * 1024, max_ratio=50)


def make_zip(path, members, method=zipfile.ZIP_DEFLATED):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # zipfile warns of duplicate names, which are meant here
        with zipfile.ZipFile(path, "w", method) as archive:
            for name, data in members:
                archive.writestr(name, data)
    return path


def refusal(path, limits=None, entry=DOCUMENT):
    with pytest.raises(BadArchive) as caught:
        check_archive(path, entry, limits)
    return caught.value.code


@pytest.fixture
def path(tmp_path):
    return tmp_path / "file.docx"


def test_office_files_pass(tmp_path):
    docx.Document().save(str(tmp_path / "a.docx"))
    openpyxl.Workbook().save(tmp_path / "a.xlsx")
    check_archive(tmp_path / "a.docx", DOCUMENT)
    check_archive(tmp_path / "a.xlsx", "xl/workbook.xml")


def test_office_file_under_the_name_of_another_kind_is_refused(tmp_path):
    openpyxl.Workbook().save(tmp_path / "a.docx")
    assert refusal(tmp_path / "a.docx") == "not_a_zip"


@pytest.mark.parametrize("data", [b"", b"P", b"hello", b"%PDF-1.7", "岗前培训".encode("gb18030")])
def test_other_file_is_no_archive(path, data):
    path.write_bytes(data)
    assert refusal(path) == "not_a_zip"


def test_office_file_with_a_password_is_encrypted(path):
    path.write_bytes(OLE_MAGIC + b"\0" * 4096)
    assert refusal(path) == "encrypted"


def test_encrypted_member_is_encrypted(path):
    make_zip(path, [(DOCUMENT, b"text")])
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert refusal(path) == "encrypted"


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9, 0.99])
def test_cut_off_file_is_truncated(path, kept):
    docx.Document().save(str(path))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    assert refusal(path) == "truncated"


def test_missing_file_is_not_called_a_bad_archive(path):
    with pytest.raises(FileNotFoundError):
        check_archive(path, DOCUMENT)


@pytest.mark.parametrize(
    "members",
    [
        [(DOCUMENT, b"\0" * 2_000_000)],
        [(f"part{n}", b"\0" * 1_000_000) for n in range(5)] * 2,
        [(f"part{n}", b"x") for n in range(6)],
        [(f"part{n}", bytes(range(256)) * 8_000) for n in range(5)],
    ],
    ids=["ratio", "entries", "entries of a byte", "size"],
)
def test_bomb_is_refused_unopened(path, members):
    assert refusal(make_zip(path, members), SMALL) == "bomb"


def test_stored_size_counts_as_the_directory_states_it(path):
    make_zip(path, [(DOCUMENT, b"text")], zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, 3_000_000_000)
    path.write_bytes(data)
    assert refusal(path) == "bomb"


@pytest.mark.parametrize(
    "name",
    ["../evil", "a/../../evil", "/etc/passwd", "\\evil", "..\\evil", "C:\\evil", "c:evil", "//host/share"],
)
def test_name_that_leads_out_is_unsafe(path, name):
    assert refusal(make_zip(path, [(DOCUMENT, b""), (name, b"")])) == "unsafe_name"


@pytest.mark.parametrize("name", [DOCUMENT, "Word/Document.XML", "word\\document.xml"])
def test_second_member_of_the_same_name_is_unsafe(path, name):
    assert refusal(make_zip(path, [(DOCUMENT, b"shown"), (name, b"meant")])) == "unsafe_name"


def test_symbolic_link_is_unsafe(path):
    link = zipfile.ZipInfo("word/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(DOCUMENT, b"")
        archive.writestr(link, b"/etc/passwd")
    assert refusal(path) == "unsafe_name"


def test_names_with_dots_and_chinese_are_fine(path):
    check_archive(
        make_zip(path, [(DOCUMENT, b""), ("word/media/图 1..png", b""), ("docProps/", b"")]), DOCUMENT
    )


def sample():
    buffer = io.BytesIO()
    docx.Document().save(buffer)
    return buffer.getvalue()


SAMPLE = sample()


@given(changes=st.lists(st.tuples(st.integers(0, len(SAMPLE) - 1), st.integers(0, 255)), max_size=12))
@example(changes=[])
def test_spoiled_file_passes_or_is_a_bad_archive(tmp_path_factory, changes):
    data = bytearray(SAMPLE)
    # Most spoiling goes to the directory at the end, which is all that is read.
    for place, value in changes:
        data[-1 - place % 2_000] = value
    path = tmp_path_factory.getbasetemp() / "spoiled.docx"
    path.write_bytes(data)
    assert verdict(path) in {"", "not_a_zip", "encrypted", "truncated", "bomb", "unsafe_name"}


def verdict(path):
    try:
        check_archive(path, DOCUMENT)
    except BadArchive as bad:
        return bad.code
    return ""
