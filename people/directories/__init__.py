"""Directories people come from: WeCom, DingTalk, Feishu, LDAP and Active Directory behind one interface.

Nothing here knows the database: a client turns what a product answers into departments and members.
"""

from people.directories.checking import CheckLine, check_directory
from people.directories.errors import DirectoryError
from people.directories.opening import CHECK_ATTEMPTS, Access, open_directory
from people.directories.shapes import Directory, DirectoryMember, DirectoryUnit, MemberState

__all__ = [
    "CHECK_ATTEMPTS",
    "Access",
    "CheckLine",
    "Directory",
    "DirectoryError",
    "DirectoryMember",
    "DirectoryUnit",
    "MemberState",
    "check_directory",
    "open_directory",
]
