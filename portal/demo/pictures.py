"""The pictures of the demo's lessons, drawn when it is loaded: 1200 × 675, ink on paper."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from portal.demo.drawing import INK, INK_2, INK_3, LINE, PAPER, SAFE, SUNKEN, SURFACE, Canvas
from portal.demo.figures import (
    HOLD,
    KNEEL,
    POINT,
    REACH,
    STAND,
    WALK,
    box,
    drum,
    extinguisher,
    glove,
    ground_line,
    lathe,
    person,
    spark,
)

WIDTH, HEIGHT = 1200, 675
FLOOR = 470  # where people stand
BAND = 540  # below it the caption


@dataclass(frozen=True, slots=True)
class PictureMade:
    """A picture that was drawn: where it is, its title, and its words for those who cannot see it."""

    path: Path
    title: str
    alt: str


@dataclass(frozen=True, slots=True)
class _Picture:
    sign: str
    title: str
    line: str
    alt: str
    scene: Callable[[Canvas], None]


def draw_picture(code: str, target: Path) -> PictureMade:
    """Draw the picture `code` into the file `target` (.png or .jpg).

    Raises KeyError for an unknown code and FontMissing, naming the package, without a Chinese font.
    """
    picture = _PICTURES[code]
    canvas = Canvas(WIDTH, HEIGHT)
    picture.scene(canvas)
    canvas.rect(0, BAND, WIDTH, HEIGHT - BAND, SURFACE)
    canvas.line([(0, BAND), (WIDTH, BAND)], INK, 3)
    canvas.sign(picture.sign, 88, 608, 76)
    canvas.text(156, 586, picture.title, 40, bold=True)
    canvas.text(156, 638, picture.line, 25, INK_2)
    image = canvas.image()
    # A flat drawing needs few colours; the palette makes the file a quarter of the size.
    if target.suffix == ".png":
        image = image.quantize(128, dither=Image.Dither.NONE)
    image.save(target, optimize=True)
    return PictureMade(path=target, title=picture.title, alt=picture.alt)


def _hot_work_distance(c: Canvas) -> None:
    ground_line(c, FLOOR)
    middle = 600
    c.disc(middle, FLOOR + 6, 400, SURFACE, INK, 3, ry=52)
    c.disc(middle, FLOOR + 6, 400, None, INK, 3, ry=52)
    c.rect(middle + 92, FLOOR - 120, 150, 24, INK_2, radius=4)
    for leg in (108, 214):
        c.rect(middle + leg, FLOOR - 98, 12, 104, INK_2)
    person(c, middle - 20, FLOOR + 6, 300, KNEEL)
    spark(c, middle + 96, FLOOR - 118, 44)
    person(c, middle - 235, FLOOR + 4, 290, POINT)
    extinguisher(c, middle - 150, FLOOR + 14, 84)
    for side in (-1, 1):
        edge = middle + side * 400
        c.arrow((middle + side * 210, 520 - 5), (edge - side * 6, 515), INK, 4, 16)
        c.line([(edge, 500), (edge, 530)], INK, 4)
    c.rect(middle - 76, 494, 152, 40, PAPER, radius=8)
    c.text(middle, 514, "10 米以内", 27, bold=True, anchor="mm")
    c.arrow((176, 318), (56, 318), INK, 6, 20)
    drum(c, 80, FLOOR + 24, 124)
    drum(c, 152, FLOOR + 34, 110)
    c.arrow((1024, 318), (1144, 318), INK, 6, 20)
    box(c, 1066, FLOOR + 22, 92, 78)
    box(c, 1140, FLOOR + 34, 84, 66)
    box(c, 1072, FLOOR - 56, 74, 56)
    c.text(760, 76, "油桶、漆、纱头、纸箱", 30, bold=True)
    c.text(760, 120, "清到圈外；清不走的盖严、隔开", 26, INK_2)
    c.text(76, 76, "监护人", 30, bold=True)
    c.text(76, 120, "灭火器在手边，不离开", 26, INK_2)


def _confined_space_entry(c: Canvas) -> None:
    ground_line(c, FLOOR)
    steps = (("1", "先通风"), ("2", "再检测"), ("3", "后进入"))
    for number, (digit, word) in enumerate(steps):
        left = 60 + number * 370
        c.disc(left + 30, 72, 30, INK)
        c.text(left + 30, 71, digit, 32, SURFACE, bold=True, anchor="mm")
        c.text(left + 76, 72, word, 38, bold=True)
        c.rect(left + 120, 250, 170, FLOOR - 250, SURFACE, INK, 6, 12)
        c.rect(left + 170, 236, 70, 18, INK, radius=3)
        if number:
            c.line([(left - 28, 120), (left - 28, FLOOR - 24)], LINE, 3)
    # 1: a blower with its hose
    c.rect(66, FLOOR - 92, 92, 92, SUNKEN, INK, 5, 10)
    c.disc(112, FLOOR - 46, 34, SURFACE, INK, 4)
    for turn in range(4):
        angle = math.radians(turn * 90 + 20)
        c.line([(112, FLOOR - 46), (112 + 26 * math.cos(angle), FLOOR - 46 + 26 * math.sin(angle))], INK, 8)
    c.line(
        [(112, FLOOR - 94), (112, 214), (128, 190), (160, 182), (250, 182), (265, 196), (265, 380)], INK_2, 20
    )
    for y in (330, 372, 414):
        c.arrow((258, y), (202, y), INK_3, 4, 14)
    # 2: a meter on a rod
    person(c, 476, FLOOR, 270, HOLD)
    c.line([(536, FLOOR - 168), (600, 206), (635, 214), (635, 410)], INK_2, 5)
    c.disc(635, 412, 9, INK)
    c.rect(520, FLOOR - 194, 36, 50, SURFACE, INK, 4, 6)
    c.line([(528, FLOOR - 178), (548, FLOOR - 178)], INK, 5)
    for y, word in ((300, "上"), (356, "中"), (412, "下")):
        c.text(696, y, word, 27, INK_2, anchor="mm", bold=True)
        c.line([(648, y), (676, y)], INK_3, 3)
    # 3: one inside on a rope, one outside with the rope in hand
    person(c, 1012, FLOOR - 8, 176, HOLD)
    person(c, 868, FLOOR, 270, HOLD)
    c.line([(936, FLOOR - 166), (1000, 210), (1012, 226), (1012, FLOOR - 142)], INK, 4)
    c.text(868, 158, "专人监护", 28, bold=True, anchor="mm")


def _glove_lathe(c: Canvas) -> None:
    ground_line(c, FLOOR)
    _, axis = lathe(c, 90, FLOOR, 620)
    for radius in (64, 84):
        c.arc(316, axis, radius, -58, 44, INK_3, 5)
        turned = math.radians(44)
        tip = (316 + radius * math.cos(turned), axis + radius * math.sin(turned))
        c.arrow(tip, (tip[0] - 14, tip[1] + 18), INK_3, 5, 16)
    person(c, 560, FLOOR + 34, 330, REACH, left=True)
    c.disc(950, 262, 182, SURFACE)
    glove(c, 940, 268, 240)
    c.ring(950, 262, 186)
    c.text(950, 504, "转着的机器跟前", 28, bold=True, anchor="mm")
    c.text(90, 76, "线的、布的、皮的，都不行", 34, bold=True)
    c.text(90, 124, "袖口扎紧，长发盘进帽子", 27, INK_2)


def _crane_zone(c: Canvas) -> None:
    ground_line(c, FLOOR)
    c.rect(60, 34, 1080, 26, INK, radius=4)
    for at in range(90, 1130, 52):
        c.line([(at, 42), (at + 26, 52)], PAPER, 3)
    c.rect(404, 58, 112, 26, INK_2, radius=4)
    c.line([(446, 84), (446, 150)], INK, 4)
    c.line([(474, 84), (474, 150)], INK, 4)
    c.rect(440, 148, 40, 30, INK, radius=6)
    c.arc(460, 192, 14, -90, 170, INK, 7)
    c.line([(460, 206), (376, 258)], INK_2, 4)
    c.line([(460, 206), (544, 258)], INK_2, 4)
    c.rect(352, 256, 216, 92, SURFACE, INK, 6, 6)
    c.disc(460, 302, 30, SUNKEN, INK, 5)
    for corner in (376, 544):
        for y in (274, 330):
            c.disc(corner, y, 5, INK)
    c.dashed((352, 352), (262, FLOOR), INK_3, 3)
    c.dashed((568, 352), (658, FLOOR), INK_3, 3)
    c.disc(460, FLOOR + 12, 226, SURFACE, INK, 3, ry=34)
    person(c, 460, FLOOR + 14, 112, STAND, colour=INK_3)
    c.ring(460, FLOOR - 42, 70)
    for post in (180, 740):
        c.rect(post - 5, FLOOR - 92, 10, 112, INK, radius=3)
        c.disc(post, FLOOR + 20, 24, INK, ry=7)
    c.line([(740, FLOOR - 84), (800, FLOOR - 66), (860, FLOOR - 84)], INK, 4)
    c.line([(180, FLOOR - 84), (120, FLOOR - 66), (60, FLOOR - 84)], INK, 4)
    c.rect(855, FLOOR - 92, 10, 112, INK, radius=3)
    person(c, 1000, FLOOR + 8, 260, WALK)
    c.sign("safe", 1104, 236, 54)
    c.text(920, 140, "绕到线外走", 32, bold=True)
    c.text(84, 140, "吊物和它的下方", 32, bold=True)
    c.text(84, 182, "不站人、不穿行", 27, INK_2)


def _lockout_tagout(c: Canvas) -> None:
    words = (("1", "停电"), ("2", "验电"), ("3", "挂牌"), ("4", "上锁"))
    for number, (digit, word) in enumerate(words):
        left = 48 + number * 280
        c.rect(left, 112, 256, 392, SURFACE, INK, 4, 16)
        c.disc(left + 24, 66, 24, INK)
        c.text(left + 24, 65, digit, 27, SURFACE, bold=True, anchor="mm")
        c.text(left + 62, 66, word, 38, bold=True)
        if number:
            c.arrow((left - 66, 66), (left - 22, 66), INK_3, 5, 16)
    # 1: the switch is off
    c.rect(104, 180, 144, 240, SUNKEN, INK, 5, 10)
    c.text(176, 212, "合", 26, INK_3, anchor="mm")
    c.text(176, 392, "分", 28, bold=True, anchor="mm")
    c.disc(176, 300, 36, INK)
    c.line([(176, 300), (176, 356)], INK, 18)
    c.line([(176, 312), (176, 348)], SURFACE, 5)
    # 2: three phases under the tester
    for phase in range(3):
        c.rect(388 + phase * 60, 330, 30, 120, INK_2, radius=4)
        c.disc(403 + phase * 60, 346, 8, SURFACE)
    c.line([(403, 340), (404, 300)], INK, 5)
    c.line([(404, 300), (440, 190)], INK, 22)
    c.line([(419, 254), (432, 214)], SURFACE, 6)
    c.text(498, 236, "0 V", 40, bold=True, anchor="mm")
    c.text(456, 478, "三相都要验", 23, INK_2, anchor="mm")
    # 3: the tag hangs on the handle
    c.disc(736, 186, 18, None, INK, 6)
    c.line([(736, 204), (736, 236)], INK, 4)
    c.rect(654, 234, 164, 212, PAPER, INK, 5, 10)
    c.disc(736, 256, 8, INK)
    c.text(736, 308, "禁止合闸", 32, bold=True, anchor="mm")
    c.text(736, 352, "有人工作", 32, bold=True, anchor="mm")
    c.line([(676, 392), (796, 392)], INK_3, 3)
    c.line([(676, 420), (756, 420)], INK_3, 3)
    # 4: one lock, one key
    c.arc(1016, 262, 52, 180, 360, INK, 20)
    c.line([(964, 262), (964, 310)], INK, 20)
    c.line([(1068, 262), (1068, 310)], INK, 20)
    c.rect(936, 300, 160, 132, INK, radius=14)
    c.disc(1016, 352, 17, SURFACE)
    c.line([(1016, 358), (1016, 394)], SURFACE, 11)
    c.text(1016, 470, "钥匙在我身上", 23, INK_2, anchor="mm")


def _assembly_point(c: Canvas) -> None:
    ground_line(c, FLOOR)
    c.rect(0, 130, 310, FLOOR - 130, SURFACE, INK, 5)
    for row in range(2):
        for column in range(3):
            c.rect(36 + column * 86, 166 + row * 84, 54, 50, SUNKEN, INK_3, 3)
    c.rect(206, 336, 84, FLOOR - 336, INK)
    c.rect(214, 344, 68, FLOOR - 344, PAPER)
    c.rect(196, 292, 104, 36, SAFE, radius=3)
    c.arrow((216, 310), (282, 310), SURFACE, 6, 17)
    for at, tall in ((392, 190), (522, 200), (652, 186)):
        person(c, at, FLOOR + 12, tall, WALK)
    for at in (330, 458, 588):
        c.line([(at - 10, FLOOR + 44), (at + 52, FLOOR + 44)], SAFE, 7)
        c.arrow((at + 40, FLOOR + 44), (at + 74, FLOOR + 44), SAFE, 7, 22)
    c.rect(964, 250, 12, FLOOR - 230, INK, radius=3)
    c.rect(864, 44, 212, 212, SAFE, radius=8)
    _gathering(c, 970, 150)
    for at, tall in ((818, 158), (880, 166), (1062, 168), (1124, 156)):
        person(c, at, FLOOR + 10, tall, STAND, left=at > 970)
    c.text(370, 84, "听到警报", 36, bold=True)
    c.text(370, 132, "跟着绿色箭头走到室外，不跑不挤", 27, INK_2)
    c.text(370, 172, "站到本班组的牌子下，等点名", 27, INK_2)


def _gathering(c: Canvas, x: float, y: float) -> None:
    """Draw the emblem of the assembly point: four arrows towards people."""
    for dx, dy in ((-1, -1), (1, -1), (-1, 1), (1, 1)):
        c.arrow((x + dx * 94, y + dy * 94), (x + dx * 56, y + dy * 56), SURFACE, 12, 34)
    for dx, size in ((-28, 0.8), (28, 0.8), (0, 1.0)):
        c.disc(x + dx, y - 26 * size, 12 * size, SURFACE)
        c.rect(x + dx - 14 * size, y - 10 * size, 28 * size, 50 * size, SURFACE, SAFE, 3, 8)


def _gas_blind_plate(c: Canvas) -> None:
    ground_line(c, FLOOR)
    for top, height, fill in ((250, 84, SURFACE), (262, 8, LINE)):
        c.rect(40, top, 700, height, fill, INK if fill is SURFACE else None, 5)
    # the valve: shut, and yet something gets through
    for left in (180, 286):
        c.rect(left, 228, 18, 128, INK, radius=3)
    c.rect(198, 236, 88, 112, SUNKEN, INK, 5)
    c.line([(242, 236), (242, 172)], INK, 10)
    c.rect(190, 156, 104, 18, INK, radius=8)
    for y in (276, 294, 312):
        c.arrow((60, y), (160, y), INK_3, 4, 14)
    c.arrow((318, 294), (392, 294), INK_3, 3, 12)
    # the blind plate between two flanges
    for left in (446, 500):
        c.rect(left, 222, 18, 140, INK, radius=3)
    c.rect(472, 196, 20, 172, SAFE, INK, 4)
    c.rect(462, 150, 40, 52, SAFE, INK, 4, 6)
    c.disc(482, 174, 9, SURFACE, INK, 3)
    for x in (132, 620):
        c.rect(x, 334, 20, FLOOR - 334, INK_2)
    c.text(242, 396, "阀门", 30, bold=True, anchor="mm")
    c.text(242, 432, "会内漏", 25, INK_2, anchor="mm")
    c.text(482, 396, "盲板", 30, bold=True, anchor="mm")
    c.text(482, 432, "真隔断", 25, INK_2, anchor="mm")
    # one who carries their own air
    person(c, 900, FLOOR + 8, 300, POINT, left=True)
    c.rect(926, FLOOR - 208, 44, 112, INK_2, radius=16)
    c.line([(946, FLOOR - 208), (940, FLOOR - 250), (912, FLOOR - 258)], INK, 7)
    c.disc(884, FLOOR - 250, 17, INK_2)
    c.rect(1046, 196, 96, 124, SURFACE, INK, 5, 12)
    c.rect(1062, 214, 64, 40, SUNKEN, INK, 3, 4)
    c.text(1094, 234, "CO", 25, bold=True, anchor="mm")
    c.disc(1094, 286, 13, INK)
    c.text(1094, 348, "报警器试响", 25, INK_2, anchor="mm")
    c.text(60, 76, "关阀门，再插盲板，再测", 34, bold=True)
    c.text(60, 124, "抽盲板时，呼吸器一直戴着", 27, INK_2)


def _dry_ladle(c: Canvas) -> None:
    ground_line(c, FLOOR)
    c.rect(40, 34, 560, 24, INK, radius=4)
    for x in (246, 402):
        c.line([(x, 58), (x, 214)], INK, 5)
    c.line([(236, 214), (412, 214)], INK, 12)
    # the ladle, its lining thick and dry
    c.line([(206, 232), (236, 404)], INK, 16)
    c.line([(442, 232), (412, 404)], INK, 16)
    c.line([(228, 404), (420, 404)], INK, 16)
    c.line([(224, 240), (250, 388), (398, 388), (424, 240)], INK_3, 12)
    for x in (286, 324, 362):
        c.line([(x, 366), (x - 12, 330), (x + 8, 304), (x, 268)], INK_2, 6)
    # the pit below, without water
    c.rect(150, FLOOR - 4, 348, 52, SUNKEN, INK, 5)
    c.text(324, FLOOR + 22, "坑里没有水", 27, bold=True, anchor="mm")
    c.dashed((560, 190), (560, FLOOR + 40), INK, 5)
    c.dashed((876, 190), (876, FLOOR + 40), INK, 5)
    c.arrow((700, 440), (574, 440), INK, 4, 16)
    c.arrow((736, 440), (862, 440), INK, 4, 16)
    c.text(718, 398, "10 米", 40, bold=True, anchor="mm")
    c.text(718, 486, "不站人", 28, INK_2, anchor="mm")
    for at, tall in ((950, 220), (1068, 230)):
        person(c, at, FLOOR + 8, tall, STAND, left=True)
    c.sign("safe", 1146, 206, 50)
    c.text(620, 84, "看温度曲线，不看记录本", 34, bold=True)
    c.text(620, 132, "曲线不到，包上的锁不开", 27, INK_2)


_PICTURES = {
    "hot-work-distance": _Picture(
        "must",
        "动火点 10 米之内，清除可燃物",
        "清得走的清走，清不走的盖严、隔开；监护人带灭火器守在旁边",
        "焊工跪在动火点焊接，监护人和灭火器在他身后；动火点四周画着 10 米的圈，油桶和纸箱被移到圈外。",
        _hot_work_distance,
    ),
    "confined-space-entry": _Picture(
        "must",
        "受限空间：先通风、再检测、后进入",
        "罐口有专人监护，手里有绳，眼里有人；没有测就没有进",
        "三步并排：风机用风管向罐里送风；一人在罐外用测爆仪测罐里上、中、下三处；一人系绳进入，罐外监护人握着绳头。",
        _confined_space_entry,
    ),
    "glove-lathe": _Picture(
        "stop",
        "旋转设备前，禁止戴手套",
        "车床、钻床、铣床、砂轮都一样：启动以前，先看自己的手",
        "一名车工站在开动的车床后面伸手；旁边红圈和斜杠盖着一只手套，表示禁止。",
        _glove_lathe,
    ),
    "crane-zone": _Picture(
        "stop",
        "吊物下面不站人",
        "警戒线拉起来；人绕到线外走，吊物不从人头上过",
        "行车吊着一只齿轮箱，下方的圆圈里一个人被红圈斜杠盖住；警戒线外，另一个人绕行，旁边是绿色方块。",
        _crane_zone,
    ),
    "lockout-tagout": _Picture(
        "must",
        "停电、验电、挂牌、上锁",
        "一人一锁，锁是我的，钥匙在我身上，别人送不了电",
        "四格：开关打到分；验电器测三相，显示 0 伏；挂着写有禁止合闸、有人工作的牌；一把挂锁。",
        _lockout_tagout,
    ),
    "assembly-point": _Picture(
        "safe",
        "疏散到集合点，等点名",
        "人到齐了才算完；没听到解除，不回去拿东西",
        "三个人从安全出口出来，沿绿色箭头走向室外集合点的绿色牌子，牌子下站着四名同事。",
        _assembly_point,
    ),
    "gas-blind-plate": _Picture(
        "must",
        "煤气隔断：阀门加盲板，脸上戴呼吸器",
        "阀门会内漏；闻不到的气，只信仪器，不信鼻子",
        "一根煤气管：关着的阀门后面有细细的气漏过来，两片法兰中间插着盲板；旁边的人背着空气呼吸器、戴着面罩，一台一氧化碳报警器。",
        _gas_blind_plate,
    ),
    "dry-ladle": _Picture(
        "must",
        "接铁水以前：包烘透，坑里干，人退远",
        "三样有一样做不到，铁水不出炉",
        "吊着的浇包正在烘烤，下面的包坑没有水；虚线外十米，两个人站在安全的一边。",
        _dry_ladle,
    ),
}
PICTURE_CODES = tuple(_PICTURES)
