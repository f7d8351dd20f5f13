"""Looking texts up once a process: an untranslated text is looked for in the catalogue of every app, and of its language's kin.

The source language is Chinese, so most texts of a page are such; Wagtail's ten catalogues of `zh` stand behind those of
`zh-hans`. That took a fifth of the processor time of a page.
"""

from functools import lru_cache

from django.conf import settings
from django.utils.translation import trans_real

MOST = 20_000  # texts of one language; the whole site has a few thousand


def remember_texts() -> None:
    """Let each language remember what it answered. For the web server; what it answers never changes in a process."""
    for code, _name in settings.LANGUAGES:
        catalogue = trans_real.translation(code)
        if "gettext" not in vars(catalogue):
            vars(catalogue)["gettext"] = lru_cache(maxsize=MOST)(catalogue.gettext)
