"""Our own pictures of the goods: soft hills, a low sun, and the product in front.

Drawn with plain shapes at double size and reduced, so that edges are smooth; the same name gives
the same picture each time.
"""

import hashlib
import io
import random
from collections.abc import Callable

from PIL import Image, ImageDraw, ImageFilter

SIZE = 960
_SCALE = 2
Color = tuple[int, int, int]
Draw = ImageDraw.ImageDraw

_SKIES: tuple[tuple[Color, Color], ...] = (
    ((250, 244, 230), (226, 236, 222)),
    ((252, 238, 226), (233, 226, 214)),
    ((240, 246, 244), (214, 230, 222)),
    ((247, 241, 234), (228, 222, 206)),
)


def picture(kind: str, name: str) -> bytes:
    """A PNG of this kind of product, its landscape chosen by the name."""
    chance = random.Random(hashlib.sha256(name.encode()).digest())  # noqa: S311  (no secret)
    canvas = Image.new("RGB", (SIZE * _SCALE, SIZE * _SCALE))
    draw = ImageDraw.Draw(canvas)
    _landscape(draw, chance)
    _shadow(canvas)
    _MOTIFS[kind](ImageDraw.Draw(canvas), chance)
    small = canvas.resize((SIZE, SIZE), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.save(out, "PNG")
    return out.getvalue()


def _at(*numbers: float) -> list[float]:
    """Coordinates of a 960-pixel picture on the double-size canvas."""
    return [number * _SCALE for number in numbers]


def _landscape(draw: Draw, chance: random.Random) -> None:
    top, bottom = chance.choice(_SKIES)
    for row in range(SIZE * _SCALE):
        part = row / (SIZE * _SCALE)
        color = tuple(round(a + (b - a) * part) for a, b in zip(top, bottom, strict=True))
        draw.line([(0, row), (SIZE * _SCALE, row)], fill=color)
    x = chance.randint(150, 800)
    draw.ellipse(_at(x - 60, 130, x + 60, 250), fill=(246, 214, 150))
    for depth, color in enumerate(((205, 220, 206), (182, 205, 186), (158, 187, 165))):
        base = 430 + depth * 110
        points = [(0.0, 960.0)]
        for step in range(13):
            lift = chance.randint(0, 120 - depth * 25)
            points.append((step * 80.0, base - lift + (40 if step % 2 else 0)))
        points.append((960.0, 960.0))
        draw.polygon([(a * _SCALE, b * _SCALE) for a, b in points], fill=color)
    draw.rectangle(_at(0, 760, 960, 960), fill=(236, 226, 205))


def _shadow(canvas: Image.Image) -> None:
    layer = Image.new("L", canvas.size, 0)
    ImageDraw.Draw(layer).ellipse(_at(250, 770, 710, 850), fill=90)
    soft = layer.filter(ImageFilter.GaussianBlur(30 * _SCALE))
    canvas.paste(Image.new("RGB", canvas.size, (120, 104, 78)), mask=soft)


def _egg(color: Color) -> Callable[[Draw, random.Random], None]:
    def draw_eggs(draw: Draw, _chance: random.Random) -> None:
        for x, y, size in ((330, 640, 150), (630, 640, 150), (480, 600, 185)):
            draw.ellipse(
                _at(x - size * 0.78, y - size, x + size * 0.78, y + size),
                fill=color,
                outline=_darker(color, 24),
                width=6 * _SCALE,
            )
            draw.ellipse(
                _at(x - size * 0.45, y - size * 0.7, x - size * 0.05, y - size * 0.1),
                fill=_lighter(color, 18),
            )

    return draw_eggs


def _bird(color: Color, beak: Color) -> Callable[[Draw, random.Random], None]:
    def draw_bird(draw: Draw, _chance: random.Random) -> None:
        draw.ellipse(_at(260, 450, 680, 800), fill=color)
        draw.polygon(_at(300, 560, 190, 410, 360, 500), fill=_darker(color, 25))
        draw.ellipse(_at(560, 300, 730, 480), fill=color)
        draw.polygon(_at(560, 420, 640, 600, 720, 430), fill=color)
        draw.polygon(_at(720, 380, 800, 405, 720, 430), fill=beak)
        draw.ellipse(_at(655, 360, 680, 385), fill=(40, 36, 32))
        draw.ellipse(_at(360, 540, 580, 720), fill=_darker(color, 16))
        for x in (430, 520):
            draw.line(_at(x, 790, x, 850), fill=beak, width=12 * _SCALE)

    return draw_bird


def _slab(color: Color, fat: Color) -> Callable[[Draw, random.Random], None]:
    def draw_slab(draw: Draw, chance: random.Random) -> None:
        draw.rounded_rectangle(_at(180, 700, 780, 830), radius=30 * _SCALE, fill=(150, 112, 78))
        draw.rounded_rectangle(_at(250, 420, 710, 730), radius=110 * _SCALE, fill=fat)
        draw.rounded_rectangle(_at(280, 450, 680, 705), radius=95 * _SCALE, fill=color)
        for _vein in range(9):
            x, y = chance.randint(310, 600), chance.randint(480, 660)
            end = (x + chance.randint(30, 80), y + chance.randint(-30, 30))
            draw.line(_at(x, y, *end), fill=fat, width=chance.randint(5, 12) * _SCALE)

    return draw_slab


def _round(color: Color, leaf: Color = (92, 134, 78)) -> Callable[[Draw, random.Random], None]:
    def draw_round(draw: Draw, _chance: random.Random) -> None:
        for x, y, size in ((350, 670, 140), (620, 670, 140), (485, 570, 165)):
            draw.ellipse(
                _at(x - size, y - size, x + size, y + size),
                fill=color,
                outline=_darker(color, 26),
                width=6 * _SCALE,
            )
            draw.ellipse(
                _at(x - size * 0.6, y - size * 0.65, x - size * 0.1, y - size * 0.2),
                fill=_lighter(color, 22),
            )
        draw.polygon(_at(485, 410, 560, 330, 640, 370, 560, 430), fill=leaf)
        draw.line(_at(485, 415, 480, 350), fill=(110, 84, 54), width=14 * _SCALE)

    return draw_round


def _jar(color: Color, lid: Color = (196, 158, 92)) -> Callable[[Draw, random.Random], None]:
    def draw_jar(draw: Draw, _chance: random.Random) -> None:
        draw.rounded_rectangle(_at(310, 380, 650, 820), radius=60 * _SCALE, fill=color)
        draw.rounded_rectangle(_at(330, 310, 630, 400), radius=24 * _SCALE, fill=lid)
        draw.rounded_rectangle(_at(350, 520, 610, 700), radius=14 * _SCALE, fill=(250, 244, 230))
        draw.polygon(_at(400, 670, 455, 580, 490, 630, 520, 595, 565, 670), fill=(31, 107, 74))
        draw.rounded_rectangle(
            _at(335, 420, 360, 780), radius=12 * _SCALE, fill=_lighter(color, 30)
        )

    return draw_jar


def _tea(color: Color) -> Callable[[Draw, random.Random], None]:
    def draw_tea(draw: Draw, chance: random.Random) -> None:
        draw.pieslice(_at(250, 420, 710, 880), 0, 180, fill=(246, 243, 234))
        draw.rectangle(_at(250, 640, 710, 660), fill=(246, 243, 234))
        draw.ellipse(_at(250, 590, 710, 710), fill=(236, 231, 218))
        draw.ellipse(_at(285, 605, 675, 695), fill=color)
        for _leaf in range(5):
            x, y = chance.randint(330, 610), chance.randint(630, 668)
            draw.ellipse(_at(x - 26, y - 8, x + 26, y + 8), fill=_darker(color, 45))
        for x in (410, 480, 550):
            draw.arc(
                _at(x - 25, 440, x + 25, 580), 100, 260, fill=(255, 255, 255), width=8 * _SCALE
            )

    return draw_tea


def _leaves(color: Color) -> Callable[[Draw, random.Random], None]:
    def draw_leaves(draw: Draw, _chance: random.Random) -> None:
        for angle in range(-3, 4):
            x = 480 + angle * 70
            shade = _lighter(color, 12 * abs(angle))
            draw.ellipse(_at(x - 85, 380 + abs(angle) * 40, x + 85, 800), fill=shade)
            draw.line(
                _at(x, 430 + abs(angle) * 40, 480 + angle * 20, 810),
                fill=(242, 244, 226),
                width=10 * _SCALE,
            )
        draw.ellipse(_at(400, 740, 560, 840), fill=(242, 244, 226))

    return draw_leaves


def _long(color: Color, top: Color) -> Callable[[Draw, random.Random], None]:
    def draw_long(draw: Draw, _chance: random.Random) -> None:
        for x, tip in ((330, 300), (480, 480), (630, 660)):
            draw.polygon(_at(x - 75, 430, x + 75, 430, tip, 850), fill=color)
            draw.ellipse(_at(x - 75, 395, x + 75, 470), fill=color)
            for y in (520, 600, 680):
                draw.line(_at(x - 40, y, x + 5, y), fill=_darker(color, 25), width=6 * _SCALE)
            for lean in (-50, 0, 50):
                draw.line(_at(x, 420, x + lean, 290), fill=top, width=22 * _SCALE)

    return draw_long


def _mushroom(color: Color) -> Callable[[Draw, random.Random], None]:
    def draw_mushrooms(draw: Draw, _chance: random.Random) -> None:
        for x, y, size in ((330, 640, 130), (640, 650, 120), (480, 560, 190)):
            draw.rounded_rectangle(
                _at(x - size * 0.3, y, x + size * 0.3, y + size * 1.2),
                radius=30 * _SCALE,
                fill=(244, 236, 220),
            )
            draw.pieslice(_at(x - size, y - size, x + size, y + size), 180, 360, fill=color)
            draw.ellipse(
                _at(x - size * 0.5, y - size * 0.7, x, y - size * 0.35), fill=_lighter(color, 25)
            )

    return draw_mushrooms


def _bag(color: Color, grain: Color) -> Callable[[Draw, random.Random], None]:
    def draw_bag(draw: Draw, chance: random.Random) -> None:
        draw.polygon(_at(300, 440, 660, 440, 720, 830, 240, 830), fill=color)
        draw.polygon(_at(330, 440, 630, 440, 580, 370, 380, 370), fill=_darker(color, 20))
        draw.ellipse(_at(330, 400, 630, 500), fill=grain)
        draw.rounded_rectangle(_at(370, 590, 590, 740), radius=14 * _SCALE, fill=(250, 244, 230))
        draw.polygon(_at(405, 715, 455, 630, 485, 675, 510, 645, 555, 715), fill=(31, 107, 74))
        for _piece in range(40):
            x, y = chance.randint(360, 600), chance.randint(415, 485)
            draw.ellipse(_at(x - 7, y - 4, x + 7, y + 4), fill=_lighter(grain, 14))

    return draw_bag


def _lighter(color: Color, by: int) -> Color:
    red, green, blue = (min(255, part + by) for part in color)
    return red, green, blue


def _darker(color: Color, by: int) -> Color:
    red, green, blue = (max(0, part - by) for part in color)
    return red, green, blue


_MOTIFS: dict[str, Callable[[Draw, random.Random], None]] = {
    "egg": _egg((222, 178, 138)),
    "egg_blue": _egg((176, 206, 198)),
    "egg_pale": _egg((238, 232, 214)),
    "hen": _bird((186, 112, 62), (232, 176, 72)),
    "goose": _bird((246, 243, 236), (236, 158, 64)),
    "duck": _bird((158, 120, 84), (214, 150, 60)),
    "beef": _slab((168, 54, 52), (240, 214, 204)),
    "shank": _slab((150, 44, 48), (232, 196, 186)),
    "ribs": _slab((184, 66, 66), (248, 228, 220)),
    "mince": _slab((176, 70, 62), (226, 160, 148)),
    "jerky": _slab((104, 48, 36), (140, 78, 56)),
    "broth": _jar((214, 160, 92), (150, 112, 78)),
    "shoot": _long((206, 176, 118), (120, 150, 80)),
    "cabbage": _leaves((142, 184, 104)),
    "tomato": _round((208, 62, 48)),
    "carrot": _long((122, 62, 112), (96, 142, 78)),
    "root": _long((228, 206, 186), (150, 140, 110)),
    "leaf": _leaves((92, 150, 76)),
    "mushroom": _mushroom((150, 104, 70)),
    "orange": _round((236, 146, 44)),
    "pear": _round((224, 208, 120)),
    "peach": _round((240, 172, 112)),
    "kiwi": _round((138, 112, 68)),
    "persimmon": _round((232, 118, 48)),
    "berry": _round((136, 30, 58)),
    "tea": _tea((196, 200, 108)),
    "tea_dark": _tea((150, 92, 44)),
    "tea_pale": _tea((224, 204, 148)),
    "tea_red": _tea((166, 66, 36)),
    "tea_flower": _tea((216, 212, 132)),
    "honey": _jar((240, 196, 96)),
    "honey_dark": _jar((190, 118, 44)),
    "mushroom_dry": _mushroom((112, 80, 58)),
    "rice": _bag((226, 214, 190), (250, 246, 236)),
    "oil": _jar((226, 182, 52), (52, 92, 66)),
    "chili": _jar((196, 52, 40)),
}
