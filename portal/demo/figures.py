"""People and things of the demo's drawings, as calm pictograms: a height, a place on the ground, a pose."""

import math
from dataclasses import dataclass

from portal.demo.drawing import INK, INK_2, INK_3, LINE, PAPER, SUNKEN, SURFACE, Canvas, Point


@dataclass(frozen=True, slots=True)
class Pose:
    """Joints in shares of the body's height: x forward from the middle, y up from the ground."""

    head: Point = (0.0, 0.90)
    neck: Point = (0.0, 0.79)
    hip: Point = (0.0, 0.47)
    back_elbow: Point = (-0.12, 0.64)
    back_hand: Point = (-0.12, 0.47)
    front_elbow: Point = (0.12, 0.64)
    front_hand: Point = (0.13, 0.47)
    back_knee: Point = (-0.055, 0.25)
    back_foot: Point = (-0.065, 0.03)
    front_knee: Point = (0.055, 0.25)
    front_foot: Point = (0.065, 0.03)


STAND = Pose()
POINT = Pose(front_elbow=(0.15, 0.71), front_hand=(0.30, 0.76))
HOLD = Pose(
    front_elbow=(0.10, 0.62), front_hand=(0.25, 0.63), back_elbow=(-0.06, 0.60), back_hand=(0.16, 0.58)
)
WALK = Pose(
    head=(0.03, 0.90),
    neck=(0.02, 0.79),
    back_elbow=(-0.12, 0.65),
    back_hand=(-0.19, 0.51),
    front_elbow=(0.11, 0.63),
    front_hand=(0.22, 0.56),
    back_knee=(-0.07, 0.25),
    back_foot=(-0.20, 0.05),
    front_knee=(0.11, 0.27),
    front_foot=(0.17, 0.03),
)
KNEEL = Pose(
    head=(0.12, 0.66),
    neck=(0.07, 0.56),
    hip=(-0.04, 0.27),
    back_elbow=(0.12, 0.40),
    back_hand=(0.27, 0.34),
    front_elbow=(0.17, 0.42),
    front_hand=(0.32, 0.36),
    back_knee=(-0.02, 0.03),
    back_foot=(-0.24, 0.03),
    front_knee=(0.17, 0.27),
    front_foot=(0.17, 0.03),
)
REACH = Pose(
    head=(0.10, 0.88),
    neck=(0.06, 0.78),
    hip=(-0.02, 0.47),
    back_elbow=(0.14, 0.63),
    back_hand=(0.32, 0.59),
    front_elbow=(0.18, 0.66),
    front_hand=(0.36, 0.62),
)


def person(
    c: Canvas,
    x: float,
    ground: float,
    height: float,
    pose: Pose = STAND,
    *,
    left: bool = False,
    colour: str = INK,
    band: str = PAPER,
) -> None:
    """Draw a worker in helmet and vest, standing at (x, ground); `left` turns the face to the left."""
    turn = -1 if left else 1

    def at(joint: Point) -> Point:
        return x + turn * joint[0] * height, ground - joint[1] * height

    arm, leg = height * 0.062, height * 0.085
    neck, hip = at(pose.neck), at(pose.hip)
    c.line(
        [at((pose.neck[0] - 0.07, pose.neck[1] - 0.04)), at(pose.back_elbow), at(pose.back_hand)], colour, arm
    )
    hip_share = 0.045
    for side, knee, foot in ((-1, pose.back_knee, pose.back_foot), (1, pose.front_knee, pose.front_foot)):
        c.line([at((pose.hip[0] + side * hip_share, pose.hip[1])), at(knee), at(foot)], colour, leg)
        c.line([at(foot), at((foot[0] + 0.05, foot[1] - 0.005))], colour, leg * 0.75)
    _torso(c, neck, hip, height, colour, band)
    c.line(
        [at((pose.neck[0] + 0.07, pose.neck[1] - 0.04)), at(pose.front_elbow), at(pose.front_hand)],
        band,
        arm * 1.5,
    )
    c.line(
        [at((pose.neck[0] + 0.07, pose.neck[1] - 0.04)), at(pose.front_elbow), at(pose.front_hand)],
        colour,
        arm,
    )
    _head(c, at(pose.head), height, turn, colour, band)


def _torso(c: Canvas, neck: Point, hip: Point, height: float, colour: str, band: str) -> None:
    across = math.atan2(hip[1] - neck[1], hip[0] - neck[0]) + math.pi / 2

    def side(middle: Point, share: float) -> Point:
        return middle[0] + math.cos(across) * height * share, middle[1] + math.sin(across) * height * share

    shoulders = (neck[0] + (hip[0] - neck[0]) * 0.07, neck[1] + (hip[1] - neck[1]) * 0.07)
    outline = [side(shoulders, -0.095), side(shoulders, 0.095), side(hip, 0.08), side(hip, -0.08)]
    c.shape(outline, colour)
    c.line([*outline, outline[0]], colour, height * 0.035)
    for share in (0.52, 0.68):
        middle = (neck[0] + (hip[0] - neck[0]) * share, neck[1] + (hip[1] - neck[1]) * share)
        c.line([side(middle, -0.085), side(middle, 0.085)], band, height * 0.016)


def _head(c: Canvas, centre: Point, height: float, turn: int, colour: str, band: str) -> None:
    x, y = centre
    r = height * 0.068
    c.disc(x, y, r, colour)
    brim = y - r * 0.12
    # The helmet: a lighter cap with a brim that shows which way the worker looks.
    cap = [
        (x + r * 1.18 * math.cos(math.radians(angle)), brim + r * 1.18 * math.sin(math.radians(angle)))
        for angle in range(180, 361, 12)
    ]
    c.shape(cap, SURFACE)
    c.line(cap, colour, height * 0.013)
    c.line([(x - r * 1.25, brim), (x + r * 1.25, brim)], colour, height * 0.018)
    c.line([(x, brim), (x + turn * r * 1.6, brim)], colour, height * 0.018)


def drum(c: Canvas, x: float, ground: float, h: float, colour: str = INK_2) -> None:
    """Draw an oil drum standing at (x, ground)."""
    w = h * 0.66
    c.rect(x - w / 2, ground - h, w, h, SURFACE, colour, h * 0.045, h * 0.06)
    for share in (0.33, 0.66):
        c.line([(x - w / 2, ground - h * share), (x + w / 2, ground - h * share)], colour, h * 0.035)


def box(c: Canvas, x: float, ground: float, w: float, h: float, colour: str = INK_2) -> None:
    """Draw a cardboard box standing at (x, ground)."""
    c.rect(x - w / 2, ground - h, w, h, SURFACE, colour, 3.5, 3)
    c.line([(x - w / 2, ground - h * 0.72), (x + w / 2, ground - h * 0.72)], colour, 3)
    c.rect(x - w * 0.09, ground - h * 0.72, w * 0.18, h * 0.2, colour)


def extinguisher(c: Canvas, x: float, ground: float, h: float) -> None:
    """Draw a fire extinguisher standing at (x, ground)."""
    w = h * 0.36
    c.rect(x - w / 2, ground - h * 0.78, w, h * 0.78, INK_2, radius=w * 0.3)
    c.rect(x - w * 0.16, ground - h * 0.92, w * 0.32, h * 0.16, INK_2)
    c.line([(x - w * 0.1, ground - h * 0.95), (x + w * 0.5, ground - h)], INK_2, h * 0.06)
    c.line(
        [(x + w * 0.4, ground - h * 0.9), (x + w * 0.8, ground - h * 0.6), (x + w * 0.75, ground - h * 0.3)],
        INK_2,
        h * 0.045,
    )
    c.rect(x - w / 2, ground - h * 0.52, w, h * 0.14, PAPER)


def spark(c: Canvas, x: float, y: float, r: float, colour: str = INK, turn: float = 0.0) -> None:
    """Draw the spray of sparks at an arc."""
    for step in range(9):
        angle = math.radians(turn + step * 40)
        near, far = r * 0.35, r * (1.0 if step % 2 else 0.7)
        c.line(
            [
                (x + near * math.cos(angle), y + near * math.sin(angle)),
                (x + far * math.cos(angle), y + far * math.sin(angle)),
            ],
            colour,
            r * 0.11,
        )
    c.disc(x, y, r * 0.16, colour)


def gas(c: Canvas, x: float, y: float, size: float, colour: str = INK_3) -> None:
    """Draw a wisp of gas: three open rings."""
    for dx, dy, r in ((0.0, 0.0, 0.32), (0.62, -0.3, 0.24), (0.25, -0.72, 0.18)):
        c.disc(x + dx * size, y + dy * size, r * size, None, colour, max(2.0, size * 0.07))


def tank(c: Canvas, x: float, ground: float, w: float, h: float, *, liquid: float = 0.0) -> None:
    """Draw a closed tank as if cut open, `liquid` of it full, with a manhole left ajar on its roof."""
    top = ground - h
    c.rect(x - w / 2, top, w, h, SURFACE, INK, 6, 14)
    if liquid:
        level = ground - h * liquid
        c.rect(x - w / 2 + 6, level, w - 12, ground - level - 6, LINE, radius=9)
        c.rect(x - w / 2 + 6, ground - h * 0.12, w - 12, h * 0.12 - 6, INK_3, radius=9)
    c.rect(x - w / 2 - 12, ground - 4, w + 24, 10, INK, radius=4)


def manhole(c: Canvas, x: float, top: float, w: float) -> None:
    """Draw a manhole collar on a roof at `top`, its lid ajar."""
    c.rect(x - w / 2, top - 16, w, 18, INK, radius=2)
    c.line([(x - w * 0.62, top - 20), (x + w * 0.6, top - 40)], INK, 9)


def ground_line(c: Canvas, y: float, *, margin: float = 0) -> None:
    """Draw the ground: a line, and a quieter field below it."""
    c.rect(0, y, c.width, c.height - y, SUNKEN)
    c.line([(margin, y), (c.width - margin, y)], INK, 4)


def lathe(c: Canvas, x: float, ground: float, size: float) -> Point:
    """Draw a lathe from its left end at `x`, `size` wide, and return the middle of its shaft."""
    h = size * 0.3
    bed, axis = ground - h * 0.62, ground - h * 1.12
    c.rect(x, bed, size, h * 0.24, INK_2, radius=6)
    for at in (0.05, 0.78):
        c.rect(x + size * at, bed + h * 0.2, size * 0.17, h * 0.42, INK_3, radius=4)
    c.rect(x, axis - h * 0.5, size * 0.22, h, SURFACE, INK, 5, 10)
    for row in range(3):
        c.disc(x + size * 0.06 + row * size * 0.05, axis - h * 0.22, size * 0.014, INK_2)
    c.rect(x + size * 0.22, axis - h * 0.34, size * 0.065, h * 0.68, INK, radius=4)
    c.rect(x + size * 0.285, axis - h * 0.12, size * 0.53, h * 0.24, LINE, INK, 4, 3)
    c.shape(
        [
            (x + size * 0.815, axis - 3),
            (x + size * 0.87, axis - h * 0.14),
            (x + size * 0.87, axis + h * 0.14),
        ],
        INK,
    )
    c.rect(x + size * 0.86, axis - h * 0.24, size * 0.12, h * 0.75, SURFACE, INK, 5, 8)
    return x + size * 0.55, axis


def glove(c: Canvas, x: float, y: float, size: float, colour: str = INK) -> None:
    """Draw a work glove, palm down, its fingers to the right, around (x, y)."""
    c.rect(x - size * 0.5, y - size * 0.21, size * 0.2, size * 0.42, colour, radius=size * 0.04)
    for at in (-0.43, -0.37):
        c.line([(x + size * at, y - size * 0.18), (x + size * at, y + size * 0.18)], SURFACE, size * 0.018)
    c.rect(x - size * 0.32, y - size * 0.25, size * 0.42, size * 0.5, colour, radius=size * 0.12)
    for row, length in enumerate((0.36, 0.43, 0.41, 0.33)):
        top = y - size * 0.19 + row * size * 0.125
        c.line([(x + size * 0.02, top), (x + size * (0.02 + length), top)], colour, size * 0.105)
    c.line([(x - size * 0.16, y - size * 0.2), (x + size * 0.05, y - size * 0.38)], colour, size * 0.115)
