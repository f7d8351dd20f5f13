"""Handwritten signatures as a small SVG path. Pure.

The canvas sends the strokes as `M x y L x y …` in whole units of a box of 600 × 200. Nothing else gets in: the
path is drawn again on other people's pages.
"""

import itertools
import math
import re

WIDTH, HEIGHT = 600, 200
MAX_CHARS = 20_000
MIN_POINTS = 8
MIN_INK = 120  # units; a dot or a short dash is no signature
_STROKE = re.compile(r"M\d{1,3} \d{1,3}(?:L\d{1,3} \d{1,3})*")
_PATH = re.compile(rf"(?:{_STROKE.pattern})+")
_POINT = re.compile(r"(\d+) (\d+)")


class NotASignature(ValueError):
    """What was sent is not a path, is too large, lies outside the box, or has too little ink."""


def check_signature(path: str) -> str:
    """Return the path if it is a signature; raise NotASignature otherwise."""
    if len(path) > MAX_CHARS or not _PATH.fullmatch(path):
        raise NotASignature
    strokes = [[(int(x), int(y)) for x, y in _POINT.findall(stroke)] for stroke in _STROKE.findall(path)]
    points = [point for stroke in strokes for point in stroke]
    if any(x > WIDTH or y > HEIGHT for x, y in points):
        raise NotASignature
    ink = sum(math.dist(one, other) for stroke in strokes for one, other in itertools.pairwise(stroke))
    if len(points) < MIN_POINTS or ink < MIN_INK:
        raise NotASignature
    return path
