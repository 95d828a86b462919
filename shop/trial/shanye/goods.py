"""What Shanye sells: 36 products in two languages, prices in fen."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """A category."""

    slug: str
    zh: str
    en: str


@dataclass(frozen=True)
class Good:
    """One product; `sizes` are (Chinese, English, price in fen)."""

    slug: str
    kind: str
    picture: str
    zh: str
    en: str
    words_zh: str
    words_en: str
    sizes: tuple[tuple[str, str, int], ...]


KINDS = (
    Kind("eggs-poultry", "禽蛋", "Eggs and poultry"),
    Kind("beef", "牛肉", "Beef"),
    Kind("vegetables", "蔬菜", "Vegetables"),
    Kind("fruit", "水果", "Fruit"),
    Kind("tea", "茶", "Tea"),
    Kind("honey-pantry", "蜂蜜与干货", "Honey and pantry"),
)

_BOX = ("10 枚", "10 eggs"), ("30 枚", "30 eggs")
_KILO = ("500 克", "500 g"), ("1 公斤", "1 kg")
_CRATE = ("2.5 公斤箱", "2.5 kg crate"), ("5 公斤箱", "5 kg crate")
_TIN = ("50 克罐", "50 g tin"), ("125 克罐", "125 g tin"), ("250 克袋", "250 g bag")
_JAR = ("250 克", "250 g"), ("500 克", "500 g")


def _sized(names: tuple[tuple[str, str], ...], *prices: int) -> tuple[tuple[str, str, int], ...]:
    return tuple((zh, en, price) for (zh, en), price in zip(names, prices, strict=True))


_ONE = (("一份", "One"),)

GOODS = (
    Good(
        "mountain-eggs",
        "eggs-poultry",
        "egg",
        "山坡散养鸡蛋",
        "Free-range mountain eggs",
        "母鸡在林下走动，蛋黄自然金黄。",
        "Hens roam under trees; the yolk is golden by nature.",
        _sized(_BOX, 2980, 7980),
    ),
    Good(
        "blue-shell-eggs",
        "eggs-poultry",
        "egg_blue",
        "绿壳乌鸡蛋",
        "Blue-shell eggs",
        "乌鸡每周只下三四枚。",
        "From black-boned hens that lay three or four a week.",
        _sized(_BOX, 3980, 10800),
    ),
    Good(
        "duck-eggs",
        "eggs-poultry",
        "egg_pale",
        "溪边麻鸭蛋",
        "Stream duck eggs",
        "放养在溪水里的麻鸭。",
        "Laid by ducks that live on a stream.",
        _sized(_BOX, 3280, 8980),
    ),
    Good(
        "hen",
        "eggs-poultry",
        "hen",
        "一百八十天走地鸡",
        "Hen raised for 180 days",
        "慢养一百八十天，适合炖汤。",
        "Raised slowly for 180 days; best for soup.",
        _sized((("整只约 1.5 公斤", "Whole, about 1.5 kg"),), 12800),
    ),
    Good(
        "goose",
        "eggs-poultry",
        "goose",
        "稻田大鹅",
        "Rice-field goose",
        "稻田里吃草长大。",
        "Grew up on grass between the rice.",
        _sized((("半只", "Half"), ("整只", "Whole")), 15800, 29800),
    ),
    Good(
        "smoked-duck",
        "eggs-poultry",
        "duck",
        "柏枝熏鸭",
        "Cypress-smoked duck",
        "柏枝慢熏两夜。",
        "Smoked over cypress for two nights.",
        _sized(_ONE, 9800),
    ),
    Good(
        "beef-brisket",
        "beef",
        "beef",
        "可溯源牛腩",
        "Traceable beef brisket",
        "扫码可见这头牛的牧场和日期。",
        "The code tells the farm and the day.",
        _sized(_KILO, 6800, 12900),
    ),
    Good(
        "beef-shank",
        "beef",
        "shank",
        "牛腱子",
        "Beef shank",
        "筋肉相间，卤着最香。",
        "Lean and sinewy, made for braising.",
        _sized(_KILO, 7200, 13800),
    ),
    Good(
        "beef-ribs",
        "beef",
        "ribs",
        "雪花牛小排",
        "Marbled short ribs",
        "煎烤都好，先到先得。",
        "To grill or to fry; little of it each week.",
        _sized((("300 克", "300 g"), ("600 克", "600 g")), 9800, 18800),
    ),
    Good(
        "beef-mince",
        "beef",
        "mince",
        "手工牛肉馅",
        "Hand-cut beef mince",
        "当天切，当天发。",
        "Cut and shipped on the same day.",
        _sized(_KILO, 5800, 10800),
    ),
    Good(
        "beef-jerky",
        "beef",
        "jerky",
        "风干牛肉条",
        "Air-dried beef",
        "山风吹足四十天。",
        "Forty days in the mountain wind.",
        _sized(_JAR, 6900, 12900),
    ),
    Good(
        "bone-broth",
        "beef",
        "broth",
        "牛骨高汤",
        "Beef bone broth",
        "慢火十二小时。",
        "Twelve hours on a small fire.",
        _sized((("500 毫升", "500 ml"), ("四袋装", "Pack of four")), 2980, 9980),
    ),
    Good(
        "bamboo-shoots",
        "vegetables",
        "shoot",
        "春笋",
        "Spring bamboo shoots",
        "清晨挖，当天发。",
        "Dug at dawn, shipped the same day.",
        _sized(_CRATE, 5980, 10800),
    ),
    Good(
        "mountain-cabbage",
        "vegetables",
        "cabbage",
        "高山娃娃菜",
        "Mountain baby cabbage",
        "海拔一千二百米，昼夜温差大。",
        "Grown at 1,200 metres, crisp from cold nights.",
        _sized(_CRATE, 3980, 6980),
    ),
    Good(
        "cherry-tomatoes",
        "vegetables",
        "tomato",
        "串番茄",
        "Vine tomatoes",
        "熟了才摘。",
        "Picked when ripe, not before.",
        _sized(_KILO, 1980, 3680),
    ),
    Good(
        "purple-carrots",
        "vegetables",
        "carrot",
        "紫皮胡萝卜",
        "Purple carrots",
        "沙土地，甜脆。",
        "From sandy soil, sweet and crisp.",
        _sized(_CRATE, 3280, 5880),
    ),
    Good(
        "lotus-root",
        "vegetables",
        "root",
        "粉藕",
        "Lotus root",
        "塘泥里新挖。",
        "Fresh from the pond.",
        _sized(_CRATE, 4680, 8680),
    ),
    Good(
        "pea-tips",
        "vegetables",
        "leaf",
        "豌豆尖",
        "Pea tips",
        "一把嫩绿，下锅三十秒。",
        "A handful of green; thirty seconds in the pan.",
        _sized(_KILO, 2280, 4280),
    ),
    Good(
        "wild-mushrooms",
        "vegetables",
        "mushroom",
        "山野杂菌",
        "Mixed mountain mushrooms",
        "雨后三天最鲜。",
        "Best three days after rain.",
        _sized(_KILO, 6980, 13200),
    ),
    Good(
        "green-oranges",
        "fruit",
        "orange",
        "冰糖橙",
        "Rock-sugar oranges",
        "皮薄汁多。",
        "Thin skin, much juice.",
        _sized(_CRATE, 4980, 8980),
    ),
    Good(
        "snow-pears",
        "fruit",
        "pear",
        "雪梨",
        "Snow pears",
        "润，脆，不打蜡。",
        "Crisp and cool, never waxed.",
        _sized(_CRATE, 4580, 8280),
    ),
    Good(
        "yellow-peaches",
        "fruit",
        "peach",
        "高山黄桃",
        "Mountain yellow peaches",
        "树上熟，手一碰就香。",
        "Ripened on the tree.",
        _sized(_CRATE, 6980, 12800),
    ),
    Good(
        "kiwi",
        "fruit",
        "kiwi",
        "红心猕猴桃",
        "Red-heart kiwi",
        "放软再吃。",
        "Let it soften first.",
        _sized(_CRATE, 7980, 14800),
    ),
    Good(
        "persimmons",
        "fruit",
        "persimmon",
        "脆柿子",
        "Crisp persimmons",
        "像苹果一样吃。",
        "Eat it like an apple.",
        _sized(_CRATE, 4280, 7880),
    ),
    Good(
        "waxberries",
        "fruit",
        "berry",
        "东魁杨梅",
        "Waxberries",
        "一年只有二十天。",
        "Twenty days a year.",
        _sized(_CRATE, 12800, 23800),
    ),
    Good(
        "longjing",
        "tea",
        "tea",
        "明前龙井",
        "Pre-Qingming Longjing",
        "清明前采的一芽一叶。",
        "One bud and one leaf, picked before Qingming.",
        _sized(_TIN, 16800, 38800, 72800),
    ),
    Good(
        "wuyi-oolong",
        "tea",
        "tea_dark",
        "武夷岩茶",
        "Wuyi rock oolong",
        "岩骨花香。",
        "Stone and flowers.",
        _sized(_TIN, 12800, 29800, 55800),
    ),
    Good(
        "white-tea",
        "tea",
        "tea_pale",
        "三年白牡丹",
        "White peony, three years old",
        "日晒，陈放三年。",
        "Dried in the sun, kept for three years.",
        _sized(_TIN, 9800, 22800, 42800),
    ),
    Good(
        "black-tea",
        "tea",
        "tea_red",
        "野生红茶",
        "Wild black tea",
        "荒野茶树，蜜香。",
        "From wild bushes; smells of honey.",
        _sized(_TIN, 8800, 19800, 36800),
    ),
    Good(
        "jasmine",
        "tea",
        "tea_flower",
        "七窨茉莉花茶",
        "Jasmine tea, seven scentings",
        "七遍鲜花。",
        "Scented with fresh flowers seven times.",
        _sized(_TIN, 7800, 17800, 32800),
    ),
    Good(
        "linden-honey",
        "honey-pantry",
        "honey",
        "椴树蜜",
        "Linden honey",
        "一年一季，自然结晶。",
        "One season a year; it crystallizes by itself.",
        _sized(_JAR, 5800, 10800),
    ),
    Good(
        "wild-honey",
        "honey-pantry",
        "honey_dark",
        "百花土蜂蜜",
        "Wild-flower honey",
        "土蜂，一年割一次。",
        "From native bees, cut once a year.",
        _sized(_JAR, 8800, 16800),
    ),
    Good(
        "dried-mushrooms",
        "honey-pantry",
        "mushroom_dry",
        "椴木香菇",
        "Log-grown shiitake",
        "肉厚，泡发满屋香。",
        "Thick, and the whole house smells of it.",
        _sized(_JAR, 6800, 12800),
    ),
    Good(
        "mountain-rice",
        "honey-pantry",
        "rice",
        "梯田新米",
        "New rice from terraces",
        "一年一季。",
        "One harvest a year.",
        _sized(_CRATE, 5980, 10980),
    ),
    Good(
        "rapeseed-oil",
        "honey-pantry",
        "oil",
        "冷榨菜籽油",
        "Cold-pressed rapeseed oil",
        "小榨坊，只榨头道。",
        "A small press; the first pressing only.",
        _sized((("1 升", "1 litre"), ("5 升", "5 litres")), 5980, 26800),
    ),
    Good(
        "chili-sauce",
        "honey-pantry",
        "chili",
        "糟辣椒",
        "Fermented chili",
        "老坛发酵六十天。",
        "Sixty days in an old jar.",
        _sized(_JAR, 2680, 4680),
    ),
)
