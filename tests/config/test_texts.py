"""Remembered texts are the texts."""

from django.utils import translation
from django.utils.translation import gettext, pgettext, trans_real

from config.texts import remember_texts

TEXTS = ("保存", "这句话没有译文", "Page", "")


def said():
    found = []
    for code in ("zh-hans", "en"):
        with translation.override(code):
            found += [*map(gettext, TEXTS), pgettext("plural", "答卷")]
    return found


def test_remembered_texts_are_the_same():
    before = said()
    catalogues = [trans_real.translation(code) for code in ("zh-hans", "en")]
    remember_texts()
    remember_texts()
    try:
        assert said() == said() == before
        assert all(each.gettext.cache_info().hits for each in catalogues)
    finally:
        for each in catalogues:
            del vars(each)["gettext"]
