"""The pencil of the demo's pictures and films: palette, fonts, safety signs and smooth shapes.

Everything is ink on paper; the four safety colours appear only inside their signs and only with their meaning
(blue disc = must, yellow triangle = take care, red ring = stop, green square = safe).
"""

import math
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache

from PIL import Image, ImageDraw, ImageFont

INK = "#17212b"
INK_2 = "#4a5661"
INK_3 = "#74808a"
PAPER = "#f6f5f1"
SURFACE = "#ffffff"
SUNKEN = "#e7e5de"
LINE = "#cfccc2"
MUST = "#0b57a4"
CARE = "#f2b600"
STOP = "#c3201c"
SAFE = "#00764a"

Point = tuple[float, float]
FONT_FAMILY = "Noto Sans CJK SC"
FONT_PACKAGE = "fonts-noto-cjk"
OVERSAMPLING = 2


class FontMissing(RuntimeError):
    """There is no Chinese font to draw with; the message names the package to install."""


@cache
def _font_file(weight: str) -> tuple[str, int]:
    """Return file and face index of the caption font, as fontconfig knows it."""
    program = shutil.which("fc-match")
    if program is None:
        raise FontMissing(
            f"找不到 fc-match，无法查找中文字体。请安装：apt-get install fontconfig {FONT_PACKAGE}"
        )
    found = subprocess.run(  # noqa: S603 - a fixed program and pattern
        [program, "--format", "%{family}|%{file}|%{index}", f"{FONT_FAMILY}:{weight}"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    family, file, index = found.split("|")
    if FONT_FAMILY not in family:
        raise FontMissing(f"没有中文字体 {FONT_FAMILY}，画不出字幕。请安装：apt-get install {FONT_PACKAGE}")
    # fontconfig keeps a variable font's instance in the upper bits of the index.
    return file, int(index) & 0xFFFF


@cache
def font(size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    """Return the caption font at `size` pixels. Raises FontMissing naming the package to install."""
    file, index = _font_file("bold" if bold else "regular")
    return ImageFont.truetype(file, size, index=index)


class Canvas:
    """A drawing in design units, kept at twice the size so that edges come out smooth."""

    def __init__(self, width: int, height: int, background: str | None = PAPER) -> None:
        self.width, self.height = width, height
        size = (width * OVERSAMPLING, height * OVERSAMPLING)
        self._image = (
            Image.new("RGB", size, background) if background else Image.new("RGBA", size, (0, 0, 0, 0))
        )
        self._pen = ImageDraw.Draw(self._image)

    def image(self) -> Image.Image:
        """Return the drawing at its design size."""
        return self._image.resize((self.width, self.height), Image.Resampling.LANCZOS)

    @staticmethod
    def _scaled(points: Sequence[Point]) -> list[Point]:
        return [(x * OVERSAMPLING, y * OVERSAMPLING) for x, y in points]

    def rect(
        self,
        x: float,
        y: float,
        w: float,
        h: float,
        fill: str | None = None,
        outline: str | None = None,
        width: float = 3,
        radius: float = 0,
    ) -> None:
        """Draw a rectangle from its upper left corner."""
        self._pen.rounded_rectangle(
            self._scaled([(x, y), (x + w, y + h)]),
            radius * OVERSAMPLING,
            fill,
            outline,
            round(width * OVERSAMPLING) if outline else 0,
        )

    def disc(
        self,
        x: float,
        y: float,
        r: float,
        fill: str | None = None,
        outline: str | None = None,
        width: float = 3,
        ry: float | None = None,
    ) -> None:
        """Draw a disc (or, with `ry`, an ellipse) around its centre."""
        tall = r if ry is None else ry
        self._pen.ellipse(
            self._scaled([(x - r, y - tall), (x + r, y + tall)]),
            fill,
            outline,
            round(width * OVERSAMPLING) if outline else 0,
        )

    def shape(self, points: Sequence[Point], fill: str) -> None:
        """Fill a polygon."""
        self._pen.polygon(self._scaled(points), fill)

    def line(self, points: Sequence[Point], colour: str = INK, width: float = 4) -> None:
        """Draw a line with round ends and joints."""
        scaled = self._scaled(points)
        thick = round(width * OVERSAMPLING)
        self._pen.line(scaled, colour, thick, joint="curve")
        r = thick / 2
        for x, y in scaled:
            self._pen.ellipse([x - r, y - r, x + r, y + r], colour)

    def arc(
        self, x: float, y: float, r: float, start: float, end: float, colour: str = INK, width: float = 4
    ) -> None:
        """Draw an arc; angles in degrees, clockwise from three o'clock."""
        steps = max(2, int(abs(end - start) / 6))
        angles = [math.radians(start + (end - start) * step / steps) for step in range(steps + 1)]
        self.line([(x + r * math.cos(a), y + r * math.sin(a)) for a in angles], colour, width)

    def dashed(self, a: Point, b: Point, colour: str = INK, width: float = 3, dash: float = 12) -> None:
        """Draw a dashed straight line."""
        length = math.dist(a, b)
        at = 0.0
        while at < length:
            end = min(at + dash, length)
            self.line([_between(a, b, at / length), _between(a, b, end / length)], colour, width)
            at += dash * 2.1

    def arrow(self, a: Point, b: Point, colour: str = INK, width: float = 5, head: float = 16) -> None:
        """Draw an arrow from `a` to `b`."""
        angle = math.atan2(b[1] - a[1], b[0] - a[0])
        neck = (b[0] - head * 0.8 * math.cos(angle), b[1] - head * 0.8 * math.sin(angle))
        self.line([a, neck], colour, width)
        wings = [
            (b[0] - head * math.cos(angle + turn), b[1] - head * math.sin(angle + turn))
            for turn in (0.5, -0.5)
        ]
        self.shape([b, *wings], colour)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: int,
        colour: str = INK,
        *,
        bold: bool = False,
        anchor: str = "lm",
    ) -> None:
        """Write one line; `anchor` is Pillow's (`lm` = left middle, `mm` = centre, `la` = left top)."""
        face = font(size * OVERSAMPLING, bold=bold)
        self._pen.text((x * OVERSAMPLING, y * OVERSAMPLING), text, colour, face, anchor)

    def text_width(self, text: str, size: int, *, bold: bool = False) -> float:
        """Return how wide a line will be, in design units."""
        return font(size * OVERSAMPLING, bold=bold).getlength(text) / OVERSAMPLING

    def sign(self, kind: str, x: float, y: float, size: float) -> None:
        """Draw one of the four signs around its centre: `must`, `care`, `stop` or `safe`."""
        r = size / 2
        if kind == "must":
            self.disc(x, y, r, MUST)
            self.rect(x - size * 0.07, y - r * 0.62, size * 0.14, r * 0.78, SURFACE, radius=size * 0.05)
            self.disc(x, y + r * 0.48, size * 0.09, SURFACE)
        elif kind == "care":
            self.shape([(x, y - r), (x + r * 1.08, y + r * 0.86), (x - r * 1.08, y + r * 0.86)], CARE)
            self.rect(x - size * 0.06, y - r * 0.3, size * 0.12, r * 0.62, INK, radius=size * 0.05)
            self.disc(x, y + r * 0.58, size * 0.075, INK)
        elif kind == "stop":
            self.ring(x, y, r)
        else:
            self.rect(x - r, y - r, size, size, SAFE, radius=size * 0.06)
            tick = [(x - r * 0.5, y + r * 0.02), (x - r * 0.12, y + r * 0.42), (x + r * 0.54, y - r * 0.38)]
            self.line(tick, SURFACE, size * 0.1)

    def ring(self, x: float, y: float, r: float) -> None:
        """Draw the red ring with its bar over whatever it forbids."""
        self.disc(x, y, r, None, STOP, width=r * 0.2)
        reach = r * 0.9 * math.cos(math.radians(45))
        self.line([(x - reach, y - reach), (x + reach, y + reach)], STOP, r * 0.2)


def _between(a: Point, b: Point, share: float) -> Point:
    return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share
