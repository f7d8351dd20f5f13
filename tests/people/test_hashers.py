from django.contrib.auth.hashers import Argon2PasswordHasher, check_password, identify_hasher, make_password
from django.test import override_settings

from config.settings import base
from people.hashers import PasswordHasher

PASSWORDS = override_settings(PASSWORD_HASHERS=base.PASSWORD_HASHERS)


@PASSWORDS
def test_a_password_is_kept_with_46_mib_one_pass_and_one_lane():
    kept = make_password("先通风再检测")
    assert kept.startswith("argon2$argon2id$v=19$m=47104,t=1,p=1$")
    assert check_password("先通风再检测", kept)
    assert not check_password("先检测再通风", kept)
    assert isinstance(identify_hasher(kept), PasswordHasher)


@PASSWORDS
def test_one_kept_by_djangos_setting_works_and_is_renewed():
    renewed: list[str] = []
    kept = Argon2PasswordHasher().encode("先通风再检测", "a-salt-of-old-days")
    assert check_password("先通风再检测", kept, setter=renewed.append)
    assert renewed == ["先通风再检测"]
