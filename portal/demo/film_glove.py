"""The film `glove`: what the case of the same lesson tells, scene by scene."""

import math
from functools import partial

from portal.demo.drawing import CARE, INK, INK_2, INK_3, LINE, PAPER, SUNKEN, SURFACE, Canvas
from portal.demo.figures import POINT, REACH, STAND, WALK, glove, ground_line, lathe, person
from portal.demo.scenes import FLOOR, WIDTH, Scene, Sprite, label, speech, sprite_image, step_card, title_card

TITLE = "一只线手套：车床卷走了两根手指"
SHAFT_X = 60


def _morning(c: Canvas) -> list[Sprite]:
    ground_line(c, FLOOR)
    person(c, 150, FLOOR + 4, 210, POINT)
    for x in (350, 450, 550):
        person(c, x, FLOOR + 4, 200, STAND, left=True)
    c.disc(770, 290, 132, SURFACE, INK, 4)
    c.line([(586, 340), (650, 316)], INK, 3)
    hand = sprite_image(190, 150, lambda s: glove(s, 92, 76, 160))
    return [
        Sprite(speech("注意安全。"), (90, 118), appears=0.12),
        Sprite(hand, (680, 250), (680, 214), (0.4, 0.6), appears=0.4),
        Sprite(label("没有人看手", 25), (696, 444), appears=0.66),
    ]


def _sanding(c: Canvas) -> list[Sprite]:
    ground_line(c, FLOOR + 12)
    _, axis = lathe(c, SHAFT_X, FLOOR + 12, 640)
    person(c, 470, FLOOR + 40, 300, REACH, left=True)
    walker = sprite_image(170, 236, lambda s: person(s, 84, 226, 206, WALK))
    turning = [sprite_image(90, 190, partial(_turning, turn=turn)) for turn in (0, 24)]
    return [
        Sprite(turning[0], (250, axis - 95), period_s=0.4),
        Sprite(turning[1], (250, axis - 95), period_s=0.4, offbeat=True),
        Sprite(walker, (640, 210), (960, 210), (0.1, 0.6)),
        Sprite(label("600 转/分", 25), (228, 116), appears=0.3),
        Sprite(label("师傅走开了", 25), (740, 240), appears=0.62),
    ]


def _turning(s: Canvas, turn: int) -> None:
    """Draw the sweep lines that tell a turning shaft."""
    for radius in (56, 78):
        s.arc(-6, 95, radius, -62 + turn, -20 + turn, INK_3, 5)
        s.arc(-6, 95, radius, 4 + turn, 36 + turn, INK_3, 5)


def _caught(c: Canvas) -> list[Sprite]:
    """Say what happened with the warning sign of rollers, and nothing more."""
    x, y, r = WIDTH / 2, 150, 92
    c.shape([(x, y - r), (x + r * 1.12, y + r * 0.9), (x - r * 1.12, y + r * 0.9)], CARE)
    for dy in (6, 56):
        c.disc(x + 8, y + dy, 23, None, INK, 8)
    c.line([(x - 58, y + 66), (x - 32, y + 44), (x - 14, y + 31)], INK, 12)
    c.text(x, 292, "09:44", 56, PAPER, bold=True, anchor="mm")
    return [Sprite(sprite_image(760, 120, _caught_words), (100, 336), appears=0.3)]


def _caught_words(s: Canvas) -> None:
    s.text(380, 28, "手套连着右手卷了进去", 38, PAPER, bold=True, anchor="mm")
    s.text(380, 84, "一人重伤，食指、中指没能保住", 30, LINE, anchor="mm")


def _race(c: Canvas) -> list[Sprite]:
    c.text(60, 142, "人：从觉得不对到抽手", 26, bold=True)
    c.text(900, 142, "约 0.7 秒", 26, bold=True, anchor="rm")
    c.rect(60, 172, 840, 26, SUNKEN, radius=13)
    c.text(60, 262, "轴：一秒钟转 10 转，这时已经转了", 26, bold=True)
    c.text(900, 262, "7 圈", 34, bold=True, anchor="rm")
    for turn in range(7):
        c.disc(116 + turn * 121, 362, 48, None, LINE, 5)
    sprites: list[Sprite] = []
    for part in range(14):
        piece = sprite_image(60, 26, lambda s: s.rect(0, 0, 60, 26, INK_2))
        sprites.append(Sprite(piece, (60 + part * 60, 172), appears=0.08 + part * 0.05))
    for turn in range(7):
        wound = sprite_image(108, 108, _wound)
        sprites.append(Sprite(wound, (62 + turn * 121, 308), appears=0.1 + turn * 0.1))
    return sprites


def _wound(s: Canvas) -> None:
    """Draw a thread wound once around the shaft."""
    s.disc(54, 54, 24, INK)
    s.arc(54, 54, 42, -80, 236, INK, 6)
    tip = math.radians(236)
    x, y = 54 + 42 * math.cos(tip), 54 + 42 * math.sin(tip)
    s.arrow((x - 8, y + 12), (x + 6, y - 6), INK, 5, 15)


def _three_things(c: Canvas) -> list[Sprite]:
    cards = (
        ("摘", ("班前先亮手", "手套收进工具箱")),
        ("停", ("打磨、量尺寸、清屑", "先停主轴再伸手")),
        ("换", ("改用砂带夹具", "手离工件半尺以上")),
    )
    return [
        Sprite(
            step_card(word, lines, "must", 250),
            (80 + turn * 275, 190),
            (80 + turn * 275, 150),
            (turn * 0.3, turn * 0.3 + 0.12),
            appears=turn * 0.3 + 0.001,
        )
        for turn, (word, lines) in enumerate(cards)
    ]


def _closing(c: Canvas) -> list[Sprite]:
    c.disc(WIDTH / 2, 180, 122, SURFACE)
    glove(c, WIDTH / 2 - 6, 184, 160)
    c.ring(WIDTH / 2, 180, 126)
    c.text(WIDTH / 2, 366, "旋转的机器跟前，禁止戴手套", 42, bold=True, anchor="mm")
    c.text(WIDTH / 2, 424, "线的、布的、皮的，都不行", 26, INK_2, anchor="mm")
    return []


SCENES = (
    Scene(
        5.0,
        ("这是为教学编写的虚构案例。",),
        title_card("care", "一只线手套", "警示案例 · 机械致害"),
    ),
    Scene(
        7.0,
        ("早上厂房里只有十几度，小孙手冷，戴了一副线手套。", "班前会说了句“注意安全”，没有看各人的手。"),
        _morning,
        "care",
        "上岗第九天，手上有手套",
        "08:05",
    ),
    Scene(
        7.5,
        ("师傅说拿砂布带一带就行，说完去看隔壁的活。", "小孙捏着砂布，贴着旋转的轴来回捋。"),
        _sanding,
        "care",
        "用手捏砂布，贴着旋转的轴",
        "09:43",
    ),
    Scene(
        6.5,
        ("一根线头挂上夹头，手套连着右手卷了进去。",),
        _caught,
        background=INK,
    ),
    Scene(
        8.0,
        ("人从觉得不对到抽手，再快也要大半秒。", "这时轴已经转了七圈，线手套越扯越紧。"),
        _race,
        "care",
        "手快，还是轴快",
    ),
    Scene(
        8.0,
        ("摘：班前先亮手。停：先停主轴再伸手。", "换：打磨改用夹具，手离工件半尺以上。"),
        _three_things,
        "must",
        "开机以前，先看自己的手",
    ),
    Scene(5.0, ("旋转的机器跟前，禁止戴手套。",), _closing),
)
