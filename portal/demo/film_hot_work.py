"""The film `hot-work`: what the case of the same lesson tells, scene by scene."""

from functools import partial

from PIL import Image

from portal.demo.drawing import CARE, INK, INK_2, INK_3, LINE, PAPER, SURFACE, Canvas
from portal.demo.figures import (
    KNEEL,
    POINT,
    STAND,
    WALK,
    extinguisher,
    gas,
    ground_line,
    manhole,
    person,
    spark,
    tank,
)
from portal.demo.scenes import FLOOR, WIDTH, Scene, Sprite, label, speech, sprite_image, step_card, title_card

TITLE = "动火票上的一栏空白：废液罐爆炸"
ROOF = 268  # the roof of the tank in the scenes that play on it
HOLE = 470  # the middle of its manhole


def _wisps(count: int, x: float, y: float, *, drift: float = 40, rise: float = 90) -> list[Sprite]:
    """Return wisps of gas that rise from (x, y), one after another."""
    image = sprite_image(56, 64, lambda c: gas(c, 18, 44, 34, INK_3))
    step = 1 / count
    return [
        Sprite(
            image,
            (x - 28, y - 60),
            (x - 28 + drift, y - 60 - rise),
            (turn * step, min(1.0, turn * step + 2 * step)),
            appears=turn * step + 0.001,
            leaves=turn * step + 1.8 * step,
        )
        for turn in range(count)
    ]


def _roof(c: Canvas) -> None:
    """Draw the upper part of the tank with its manhole ajar, as a place to stand on."""
    c.rect(120, ROOF, 720, 400, SURFACE, INK, 6, 14)
    c.line([(120, ROOF + 34), (840, ROOF + 34)], LINE, 3)
    for at in range(150, 840, 46):
        c.disc(at, ROOF + 17, 4, INK_3)
    manhole(c, HOLE, ROOF, 104)


def _briefing(c: Canvas) -> list[Sprite]:
    ground_line(c, FLOOR)
    tank(c, 690, FLOOR, 320, 250, liquid=0.42)
    manhole(c, 690, FLOOR - 250, 70)
    c.text(690, FLOOR - 60, "废切削液", 24, INK_2, anchor="mm")
    for x in (300, 390):
        person(c, x, FLOOR + 4, 190, STAND, left=True)
    person(c, 150, FLOOR + 4, 200, POINT)
    return [Sprite(speech("罐里是水，烧不着，抓点紧。"), (70, 142), appears=0.25)]


def _permit(c: Canvas) -> list[Sprite]:
    c.rect(48, 118, 600, 372, SURFACE, INK, 4, 6)
    c.text(348, 154, "动 火 作 业 票", 32, bold=True, anchor="mm")
    rows = (
        ("作业内容", "罐顶焊爬梯支架"),
        ("动火人", "老陈"),
        ("监护人", "小吴"),
        ("气体检测", ""),
        ("审批", "（电话同意）"),
    )
    for row, (name, value) in enumerate(rows):
        y = 188 + row * 54
        c.line([(78, y), (618, y)], LINE, 2)
        c.text(94, y + 27, name, 24, INK_2)
        c.text(260, y + 27, value, 25, bold=True)
    c.line([(78, 458), (618, 458)], LINE, 2)
    c.line([(244, 188), (244, 458)], LINE, 2)

    def blank(s: Canvas) -> None:
        s.rect(4, 4, 366, 46, None, INK, 4, 6)
        s.sign("care", 340, 28, 34)

    return [
        Sprite(sprite_image(374, 54, blank), (246, 346), appears=0.22),
        Sprite(label("这一栏空着", 24), (298, 353), appears=0.30),
        Sprite(speech("先干，我回来补签。", tail=0.2), (668, 336), appears=0.60),
    ]


def _on_the_roof(c: Canvas) -> list[Sprite]:
    _roof(c)
    person(c, 250, ROOF, 150, STAND)
    person(c, 720, ROOF, 150, STAND, left=True)
    c.text(250, ROOF + 66, "老陈", 24, INK_2, anchor="mm")
    c.text(720, ROOF + 66, "小吴（监护）", 24, INK_2, anchor="mm")
    return [
        *_wisps(4, HOLE + 40, ROOF - 26),
        Sprite(label("盖子留着一道缝", 24), (378, ROOF + 48), appears=0.3),
    ]


def _called_away(c: Canvas) -> list[Sprite]:
    _roof(c)
    person(c, 250, ROOF, 150, STAND)
    walker = sprite_image(140, 176, lambda s: person(s, 66, 166, 150, WALK))
    return [
        *_wisps(3, HOLE + 40, ROOF - 26),
        Sprite(walker, (640, ROOF - 166), (1000, ROOF - 166), (0.15, 0.75)),
        Sprite(label("罐旁没有人看火", 26), (640, ROOF + 48), appears=0.62),
    ]


def _striking(c: Canvas) -> list[Sprite]:
    _roof(c)
    person(c, 250, ROOF, 150, KNEEL)
    c.rect(306, ROOF - 76, 12, 76, INK_2)
    c.rect(306, ROOF - 80, 60, 10, INK_2)
    c.line([(312, ROOF + 58), (HOLE, ROOF + 58)], INK, 3)
    for at in (312, HOLE):
        c.line([(at, ROOF + 46), (at, ROOF + 70)], INK, 3)
    sparks = [sprite_image(70, 70, partial(spark, x=35, y=35, r=30, turn=turn)) for turn in (0, 20)]
    return [
        *_wisps(3, HOLE + 30, ROOF - 26, drift=-110, rise=46),
        Sprite(sparks[0], (272, ROOF - 92), period_s=0.8),
        Sprite(sparks[1], (272, ROOF - 92), period_s=0.8, offbeat=True),
        Sprite(label("不到一米", 25), (336, ROOF + 74), appears=0.25),
    ]


def _explosion(c: Canvas) -> list[Sprite]:
    """Say what happened with the warning sign of GB 2894, and nothing more."""
    x, y, r = WIDTH / 2, 150, 92
    c.shape([(x, y - r), (x + r * 1.12, y + r * 0.9), (x - r * 1.12, y + r * 0.9)], CARE)
    spark(c, x, y + 28, 50, INK, 10)
    c.text(x, 292, "08:44", 56, PAPER, bold=True, anchor="mm")
    words = sprite_image(700, 120, _explosion_words)
    return [Sprite(words, (130, 336), appears=0.3)]


def _explosion_words(s: Canvas) -> None:
    s.text(350, 28, "罐顶掀开", 38, PAPER, bold=True, anchor="mm")
    s.text(350, 84, "一人死亡，一人重伤", 32, LINE, anchor="mm")


def _why(c: Canvas) -> list[Sprite]:
    ground_line(c, FLOOR + 12)
    tank(c, 330, FLOOR + 12, 420, 268, liquid=0.40)
    manhole(c, 420, FLOOR - 256, 84)
    spots = ((230, 420), (250, 258), (468, 152), (522, 148))
    words = (
        "油泥烂了两个月，冒出能烧的气",
        "气积在罐顶的空处",
        "从人孔的缝往外冒",
        "焊花落到缝口，火钻进罐里",
    )
    sprites = [
        Sprite(
            sprite_image(60, 66, lambda s: gas(s, 18, 46, 34, INK_2)),
            (at, 300),
            (at + 14, 190),
            (0.1, 0.45),
            appears=0.1,
        )
        for at in (170, 240, 310, 386)
    ]
    sprites.append(
        Sprite(
            sprite_image(60, 66, lambda s: gas(s, 18, 46, 34, INK_2)),
            (420, 160),
            (462, 96),
            (0.45, 0.7),
            appears=0.45,
        )
    )
    sprites.append(
        Sprite(
            sprite_image(64, 64, lambda s: spark(s, 32, 32, 28)),
            (520, 110),
            (456, 136),
            (0.72, 0.86),
            appears=0.7,
        )
    )
    for number, ((x, y), word) in enumerate(zip(spots, words, strict=True)):
        begin = 0.06 + number * 0.22
        sprites.append(Sprite(_numbered(number + 1, word), (570, 172 + number * 62), appears=begin))
        dot = sprite_image(36, 36, partial(_dot, x=18, y=18, number=number + 1))
        sprites.append(Sprite(dot, (x - 18, y - 18), appears=begin))
    return sprites


def _dot(s: Canvas, x: float, y: float, number: int) -> None:
    s.disc(x, y, 16, INK)
    s.text(x, y - 1, str(number), 20, SURFACE, bold=True, anchor="mm")


def _numbered(number: int, word: str) -> Image.Image:
    def draw(s: Canvas) -> None:
        _dot(s, 18, 22, number)
        s.text(46, 22, word, 23, bold=True)

    return sprite_image(384, 46, draw)


def _five_things(c: Canvas) -> list[Sprite]:
    cards = (
        ("清", ("10 米之内", "可燃物清走")),
        ("断", ("管线断开", "关阀不算断")),
        ("测", ("前 30 分钟内", "上中下都测")),
        ("看", ("监护人拿着", "灭火器不离开")),
        ("守", ("干完再守", "30 分钟")),
    )
    return [
        Sprite(
            step_card(word, lines, "must", 168),
            (36 + turn * 180, 190),
            (36 + turn * 180, 150),
            (turn * 0.19, turn * 0.19 + 0.08),
            appears=turn * 0.19 + 0.001,
        )
        for turn, (word, lines) in enumerate(cards)
    ]


def _ready(c: Canvas) -> list[Sprite]:
    ground_line(c, FLOOR)
    tank(c, 330, FLOOR, 360, 230, liquid=0.0)
    c.text(330, FLOOR - 110, "清空 · 清洗 · 测过", 27, bold=True, anchor="mm")
    person(c, 620, FLOOR + 4, 210, POINT, left=True)
    extinguisher(c, 690, FLOOR + 4, 86)
    person(c, 826, FLOOR + 4, 210, STAND, left=True)

    def meter(s: Canvas) -> None:
        s.rect(3, 3, 130, 84, SURFACE, INK, 4, 10)
        s.text(68, 32, "可燃气", 20, INK_2, anchor="mm")
        s.text(68, 62, "0 %LEL", 26, bold=True, anchor="mm")

    return [
        Sprite(sprite_image(136, 90, meter), (556, 136), appears=0.15),
        Sprite(sprite_image(60, 60, lambda s: s.sign("safe", 30, 30, 52)), (712, 150), appears=0.4),
    ]


SCENES = (
    Scene(
        5.5,
        ("这是为教学编写的虚构案例。",),
        title_card("care", "动火票上的一栏空白", "警示案例 · 可燃气体爆炸"),
    ),
    Scene(
        7.5,
        ("早上七点五十，班前会派活：", "在停用两个月的废液罐顶上，焊一副爬梯支架。"),
        _briefing,
        "care",
        "“罐里是水，烧不着”",
        "07:50",
    ),
    Scene(
        8.5,
        ("八点十分开动火票，气体检测一栏空着。", "安全员在外面开会，电话里说：先干，我回来补签。"),
        _permit,
        "care",
        "检测一栏空白，照样开工",
        "08:10",
    ),
    Scene(
        6.5,
        ("两个人上到罐顶。人孔盖只拧了两颗螺栓。", "看不见的气，正从缝里往外冒。"),
        _on_the_roof,
        "care",
        "人孔盖留着一道缝",
        "08:25",
    ),
    Scene(
        6.0,
        ("监护人小吴被叫去库房领焊条，", "换谁来看火，没有人交代。"),
        _called_away,
        "care",
        "监护人被叫走",
        "08:38",
    ),
    Scene(
        6.0,
        ("老陈引弧点焊，焊点离人孔不到一米。",),
        _striking,
        "care",
        "引弧",
        "08:42",
    ),
    Scene(
        7.0,
        ("八点四十四分，一声闷响，罐顶掀开。", "老陈没有救回来，小吴重伤。"),
        _explosion,
        background=INK,
    ),
    Scene(
        11.0,
        (
            "罐底的油泥烂了两个月，冒出能烧的气。",
            "气积在罐顶，从人孔的缝往外冒。",
            "焊花落到缝口，火钻进罐里，一下子烧开，没处走。",
        ),
        _why,
        "care",
        "水为什么会炸",
    ),
    Scene(
        12.0,
        (
            "动火以前，做到五样。清：十米之内的可燃物清走。",
            "断：管线断开。测：动火前三十分钟之内测气体。",
            "看：监护人不离开。守：干完再守三十分钟。",
        ),
        _five_things,
        "must",
        "动火以前，做到五样",
    ),
    Scene(5.0, ("测过、没有读数、有人看着，才引弧。",), _ready, "safe", "这样才开工"),
    Scene(
        5.0,
        ("票上有一栏空着，就是没有票。没有票，不动火。",),
        title_card("must", "票上有一栏空着，就是没有票\n没有票，不动火", "谁催也不引弧，这是你的权利"),
    ),
)
