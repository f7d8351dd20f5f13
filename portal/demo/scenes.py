"""What a film of the demo is made of: scenes with a still background, and sprites that move over it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from PIL import Image

from portal.demo.drawing import INK, INK_2, LINE, PAPER, SURFACE, Canvas, Point

WIDTH, HEIGHT = 960, 540
HEADER = 92  # the heading stands above; the player writes its subtitles below FLOOR
FLOOR = 440
FADE_S = 0.35


@dataclass(frozen=True, slots=True)
class Sprite:
    """Something that moves, comes or goes over a scene; shares are of the scene's time, 0 to 1.

    `at` and `to` are upper left corners. With `period_s` it is seen during the first half of each period
    (the second half if `offbeat`), so that two sprites make a turning or flickering thing.
    """

    image: Image.Image
    at: Point
    to: Point | None = None
    moves: tuple[float, float] = (0.0, 1.0)
    appears: float = 0.0
    leaves: float = 2.0
    period_s: float = 0.0
    offbeat: bool = False

    def place(self, share: float) -> tuple[int, int]:
        """Return where it is at a share of the scene, easing in and out."""
        if self.to is None:
            return round(self.at[0]), round(self.at[1])
        begin, end = self.moves
        passed = min(1.0, max(0.0, (share - begin) / (end - begin)))
        eased = passed * passed * (3 - 2 * passed)
        return (
            round(self.at[0] + (self.to[0] - self.at[0]) * eased),
            round(self.at[1] + (self.to[1] - self.at[1]) * eased),
        )

    def opacity(self, share: float, seconds: float) -> float:
        """Return how much of it is seen, 0 to 1, in a scene of `seconds`."""
        now = share * seconds
        if self.period_s and (now % self.period_s >= self.period_s / 2) != self.offbeat:
            return 0.0
        fade = min(FADE_S, seconds / 8)
        risen = 1.0 if self.appears <= 0 else (now - self.appears * seconds) / fade
        fallen = (self.leaves * seconds - now) / fade
        return min(1.0, max(0.0, min(risen, fallen)))


@dataclass(frozen=True, slots=True)
class Scene:
    """One scene: its length, what is said (subtitles, in equal parts of its time), and how it is drawn.

    `draw` draws the background and returns the sprites, lowest first. Without a heading the whole frame is
    the scene's own.
    """

    seconds: float
    said: tuple[str, ...]
    draw: Callable[[Canvas], list[Sprite]]
    sign: str = ""
    heading: str = ""
    clock: str = ""
    background: str = PAPER

    def build(self) -> "Built":
        """Draw the scene once."""
        canvas = Canvas(WIDTH, HEIGHT, self.background)
        sprites = self.draw(canvas)
        if self.heading:
            canvas.rect(0, 0, WIDTH, HEADER, SURFACE)
            canvas.line([(0, HEADER), (WIDTH, HEADER)], INK, 2.5)
            canvas.sign(self.sign, 54, HEADER / 2, 46)
            canvas.text(96, HEADER / 2 - 1, self.heading, 32, bold=True)
            if self.clock:
                canvas.text(WIDTH - 34, HEADER / 2 - 1, self.clock, 30, INK_2, bold=True, anchor="rm")
        return Built(scene=self, still=canvas.image(), sprites=sprites)


@dataclass(frozen=True, slots=True)
class Built:
    """A scene whose background and sprites are drawn."""

    scene: Scene
    still: Image.Image
    sprites: list[Sprite] = field(default_factory=list)

    def frame(self, share: float, seconds: float) -> Image.Image:
        """Return the frame at a share of the scene, when the scene lasts `seconds`."""
        frame = self.still.copy()
        for sprite in self.sprites:
            opacity = sprite.opacity(share, seconds)
            if opacity <= 0:
                continue
            mask = sprite.image.getchannel("A")
            if opacity < 1:
                mask = mask.point([round(level * opacity) for level in range(256)])
            frame.paste(sprite.image, sprite.place(share), mask)
        return frame


def sprite_image(width: int, height: int, draw: Callable[[Canvas], None]) -> Image.Image:
    """Draw a sprite on nothing."""
    canvas = Canvas(width, height, None)
    draw(canvas)
    return canvas.image()


def speech(text: str, *, tail: float = 0.3) -> Image.Image:
    """Draw a speech bubble around one line, its tail at a share of its width."""
    probe = Canvas(4, 4, None)
    width = int(probe.text_width(text, 25)) + 48

    def draw(c: Canvas) -> None:
        c.rect(2, 2, width - 4, 56, SURFACE, INK, 3, 14)
        at = width * tail
        c.shape([(at - 12, 56), (at + 12, 56), (at - 6, 76)], INK)
        c.shape([(at - 8, 54), (at + 8, 54), (at - 4, 69)], SURFACE)
        c.text(width / 2, 29, text, 25, anchor="mm")

    return sprite_image(width, 80, draw)


def label(text: str, size: int = 25, *, bold: bool = True, colour: str = INK) -> Image.Image:
    """Draw one line of text as a sprite, on a quiet ground so that it reads over lines."""
    probe = Canvas(4, 4, None)
    width = int(probe.text_width(text, size, bold=bold)) + 24

    def draw(c: Canvas) -> None:
        c.rect(0, 0, width, size * 1.6, PAPER, radius=8)
        c.text(width / 2, size * 0.8, text, size, colour, bold=bold, anchor="mm")

    return sprite_image(width, int(size * 1.6), draw)


def step_card(word: str, lines: tuple[str, ...], sign: str, width: int, height: int = 250) -> Image.Image:
    """Draw a card of one thing to do: a large word, its sign, and a few short lines."""

    def draw(c: Canvas) -> None:
        c.rect(2, 2, width - 4, height - 4, SURFACE, INK, 3, 14)
        c.sign(sign, width / 2, 44, 44)
        c.text(width / 2, 112, word, 54, bold=True, anchor="mm")
        c.line([(24, 158), (width - 24, 158)], LINE, 2)
        for row, line in enumerate(lines):
            c.text(width / 2, 184 + row * 30, line, 21, INK_2, anchor="mm")

    return sprite_image(width, height, draw)


def title_card(sign: str, title: str, note: str) -> Callable[[Canvas], list[Sprite]]:
    """Return how to draw an opening or closing card: a sign, a title of one or two lines, a note."""

    def draw(c: Canvas) -> list[Sprite]:
        rows = title.split("\n")
        top = 258 - 30 * (len(rows) - 1)
        c.sign(sign, WIDTH / 2, top - 106, 92)
        for row, text in enumerate(rows):
            c.text(WIDTH / 2, top + row * 62, text, 46, bold=True, anchor="mm")
        under = top + len(rows) * 62 - 4
        c.line([(WIDTH / 2 - 60, under), (WIDTH / 2 + 60, under)], INK, 3)
        c.text(WIDTH / 2, under + 44, note, 25, INK_2, anchor="mm")
        return []

    return draw
