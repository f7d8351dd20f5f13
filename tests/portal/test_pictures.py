import pytest
from PIL import Image

from portal.demo import drawing
from portal.demo.drawing import FontMissing
from portal.demo.pictures import PICTURE_CODES, draw_picture

CODES = [
    "hot-work-distance",
    "confined-space-entry",
    "glove-lathe",
    "crane-zone",
    "lockout-tagout",
    "assembly-point",
    "gas-blind-plate",
    "dry-ladle",
]


def test_there_are_the_pictures_the_lessons_name():
    assert list(PICTURE_CODES) == CODES


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("ending", ["png", "jpg"])
def test_picture_is_drawn_small_and_with_words_for_it(code, ending, tmp_path):
    made = draw_picture(code, tmp_path / f"{code}.{ending}")
    with Image.open(made.path) as image:
        assert image.size == (1200, 675)
        assert len(image.convert("RGB").getcolors(1200 * 675)) > 20
    assert made.path.stat().st_size < 200_000
    assert made.title
    assert len(made.alt) > 20


def test_unknown_picture_is_an_error(tmp_path):
    with pytest.raises(KeyError):
        draw_picture("cat", tmp_path / "cat.png")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def _fresh_fonts():
    caches = (drawing._font_file, drawing.font)
    for cached in caches:
        cached.cache_clear()
    yield
    for cached in caches:
        cached.cache_clear()


def with_fc_match(tmp_path, monkeypatch, answer):
    if answer:
        program = tmp_path / "fc-match"
        program.write_text(f"#!/bin/sh\nprintf '{answer}'\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.usefixtures("_fresh_fonts")
@pytest.mark.parametrize("answer", ["DejaVu Sans|/usr/share/x.ttf|0", ""], ids=["no font", "no fontconfig"])
def test_missing_font_names_the_package(answer, tmp_path, monkeypatch):
    with_fc_match(tmp_path, monkeypatch, answer)
    with pytest.raises(FontMissing, match="fonts-noto-cjk"):
        draw_picture("glove-lathe", tmp_path / "x.png")
