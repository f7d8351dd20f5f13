import sqlite3

import pytest

from config.sqlite import is_safe_version


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 53, 4), True),
    ],
)
def test_version_is_safe_only_from_the_fix_on(version, safe):
    assert is_safe_version(version) is safe


def test_standard_module_is_the_bundled_library():
    assert sqlite3.__name__ == "pysqlite3"
    assert is_safe_version(sqlite3.sqlite_version_info)
