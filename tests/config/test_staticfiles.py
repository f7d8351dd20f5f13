import json
import re

import pytest
from django.conf import settings as site_settings
from django.core.management import call_command
from django.test import override_settings

IMPORT = re.compile(r"""(?:from|import)\s*\(?\s*["'](\.{1,2}/[^"']+)["']""")


@pytest.mark.slow
def test_all_static_files_are_collected_under_names_with_their_hash(tmp_path):
    storages = {
        **site_settings.STORAGES,
        "staticfiles": {"BACKEND": "config.staticfiles.ModuleManifestStorage"},
    }
    root = tmp_path / "static"
    with override_settings(STORAGES=storages, STATIC_ROOT=root):
        call_command("collectstatic", interactive=False, verbosity=0)
    paths = json.loads((root / "staticfiles.json").read_text())["paths"]
    own = [
        path.relative_to(folder)
        for folder in site_settings.STATICFILES_DIRS
        for path in folder.rglob("*")
        if path.is_file()
    ]
    assert own
    for path in own:
        hashed = paths[str(path)]
        assert hashed != str(path)
        assert (root / hashed).is_file()
        for imported in imports_of(path, root / hashed):
            assert (root / hashed).parent.joinpath(imported).resolve().is_file(), (path, imported)
            assert re.search(r"\.[0-9a-f]{12}\.js$", imported), (path, imported)


def imports_of(path, hashed):
    return IMPORT.findall(hashed.read_text()) if path.suffix == ".js" else []


def test_the_lock_of_browser_packages_holds_hashes_and_no_address():
    lock = json.loads((site_settings.BASE_DIR / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    for name, entry in packages.items():
        assert entry["integrity"].startswith("sha512-"), name
        assert "resolved" not in entry, name
