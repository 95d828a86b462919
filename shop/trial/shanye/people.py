"""Shanye's network: dealers, stores with a counter, employees, customers, shareholders, a partner."""

from dataclasses import dataclass

from shop.network.models import PointKind


@dataclass(frozen=True)
class Node:
    """One point; `boss` is the key of the point that manages it, `part` a ready sign-in."""

    key: str
    kind: PointKind
    name: str
    slug: str
    owner: str
    boss: str = ""
    greeting: str = ""
    accent: str = ""
    contact: str = ""
    part: str = ""
    place: tuple[str, str, str, str] = ("", "", "", "")
    """Province, city, district, street; stores keep a counter there."""
    weight: int = 3
    """How much it sells in the demo."""
    group: str = ""
    """Group of the plan, such as the shareholders'."""


NODES = (
    Node(
        "east",
        PointKind.DEALER,
        "山野华东",
        "chenbo",
        "陈博",
        part="owner2",
        accent="lake",
        greeting="华东的山货，我来挑。",
        contact="微信 bo-shanye",
        weight=9,
        place=("浙江省", "杭州市", "余杭区", "良渚路 8 号"),
    ),
    Node(
        "south",
        PointKind.DEALER,
        "山野华南",
        "huanan",
        "梁家明",
        greeting="岭南人家，吃得新鲜。",
        accent="tea",
        weight=6,
        place=("广东省", "广州市", "天河区", "体育东路 20 号"),
    ),
    Node(
        "north",
        PointKind.DEALER,
        "山野华北",
        "huabei",
        "赵启航",
        weight=5,
        place=("北京市", "北京市", "朝阳区", "工体北路 4 号"),
    ),
    Node(
        "west",
        PointKind.DEALER,
        "山野西南",
        "xinan",
        "罗松",
        accent="berry",
        weight=5,
        place=("四川省", "成都市", "武侯区", "人民南路 31 号"),
    ),
    Node(
        "central",
        PointKind.DEALER,
        "山野华中",
        "huazhong",
        "周楚",
        weight=4,
        place=("湖北省", "武汉市", "洪山区", "珞喻路 100 号"),
    ),
    Node(
        "westlake",
        PointKind.STORE,
        "山野西湖店",
        "westlake",
        "何店长",
        "east",
        "下班路过来拿，菜还带着露水。",
        weight=7,
        place=("浙江省", "杭州市", "西湖区", "文三路 100 号"),
    ),
    Node(
        "binjiang",
        PointKind.STORE,
        "山野滨江店",
        "binjiang",
        "许可",
        "east",
        weight=4,
        place=("浙江省", "杭州市", "滨江区", "江南大道 288 号"),
    ),
    Node(
        "pudong",
        PointKind.STORE,
        "山野浦东店",
        "pudong",
        "沈青",
        "east",
        weight=5,
        place=("上海市", "上海市", "浦东新区", "世纪大道 1 号"),
    ),
    Node(
        "tianhe",
        PointKind.STORE,
        "山野天河店",
        "tianhe",
        "黄思远",
        "south",
        weight=4,
        place=("广东省", "广州市", "天河区", "天河路 208 号"),
    ),
    Node(
        "wuhou",
        PointKind.STORE,
        "山野武侯店",
        "wuhou",
        "唐果",
        "west",
        weight=3,
        place=("四川省", "成都市", "武侯区", "武侯祠大街 231 号"),
    ),
    Node(
        "anna",
        PointKind.EMPLOYEE,
        "安娜的小店",
        "anna",
        "安娜",
        "westlake",
        "我在山野做了六年，只放我自己家也吃的东西。想吃什么，直接问我。",
        "",
        "微信 anna-shanye",
        "owner",
        weight=12,
    ),
    Node(
        "xiaomei",
        PointKind.EMPLOYEE,
        "小梅鲜选",
        "xiaomei",
        "小梅",
        "westlake",
        "每天早上六点看菜。",
        "berry",
        weight=5,
    ),
    Node(
        "dawei",
        PointKind.EMPLOYEE,
        "大伟牛肉铺",
        "dawei",
        "大伟",
        "binjiang",
        "牛是我看着长大的。",
        "tea",
        weight=5,
    ),
    Node(
        "lili",
        PointKind.EMPLOYEE,
        "莉莉茶席",
        "lili",
        "莉莉",
        "pudong",
        "好茶不等人。",
        "plum",
        weight=4,
    ),
    Node(
        "ajie", PointKind.EMPLOYEE, "阿杰水果", "ajie", "阿杰", "tianhe", "甜不甜，先尝。", weight=4
    ),
    Node(
        "mum",
        PointKind.CUSTOMER,
        "果果妈妈推荐",
        "guoguo",
        "果果妈妈",
        "east",
        "给孩子吃的，我都试过。",
        "plum",
        weight=6,
    ),
    Node(
        "runner",
        PointKind.CUSTOMER,
        "跑团补给站",
        "runclub",
        "老马",
        "east",
        "跑完步吃点好的。",
        weight=3,
    ),
    Node("cook", PointKind.CUSTOMER, "周末下厨", "weekend-cook", "小宇", "south", weight=3),
    Node("teacher", PointKind.CUSTOMER, "李老师的菜篮", "teacher-li", "李老师", "north", weight=3),
    Node("nurse", PointKind.CUSTOMER, "夜班姐妹团", "night-shift", "文文", "west", weight=2),
    Node(
        "partner",
        PointKind.PARTNER,
        "慢生活合作社",
        "slowlife",
        "方糖",
        "",
        "我们只做一件事：把好吃的留给会吃的人。",
        "lake",
        weight=5,
    ),
    Node(
        "founder",
        PointKind.PARTNER,
        "林家山货",
        "lin-family",
        "林家声",
        "",
        "山野的第一位股东，也是第一位顾客。",
        "tea",
        weight=3,
        group="shareholder",
    ),
    Node(
        "investor",
        PointKind.PARTNER,
        "山友会",
        "friends",
        "苏晴",
        "",
        "一群股东的团购，吃着放心才敢投。",
        weight=2,
        group="shareholder",
    ),
)

APPLICANTS = (
    (
        "许诺",
        "13800002001",
        "customer",
        "许诺的早餐桌",
        "每天六点给孩子做早饭，同学的妈妈们都来问我买什么。",
    ),
    (
        "郭大海",
        "13800002002",
        "store",
        "海边小店",
        "青岛崂山区，店面四十平，有冰柜两台，想做自提点。",
    ),
    (
        "叶子",
        "13800002003",
        "partner",
        "叶子茶社",
        "茶社会员三百人，想把山野的茶和蜂蜜放进我们的月礼盒。",
    ),
    ("无名", "13800002004", "customer", "便宜大卖场", "什么都想卖。"),
)
"""People who ask for a shop: name, phone, kind, name of the shop, their words; the last one is declined."""

BUYERS = (
    ("王芳", "13800001001", "浙江省", "杭州市", "西湖区", "330106", "文一西路 12 号"),
    ("刘洋", "13800001002", "浙江省", "杭州市", "滨江区", "330108", "江陵路 50 号"),
    ("陈静", "13800001003", "上海市", "上海市", "浦东新区", "310115", "张杨路 500 号"),
    ("杨帆", "13800001004", "上海市", "上海市", "徐汇区", "310104", "衡山路 9 号"),
    ("黄磊", "13800001005", "广东省", "广州市", "天河区", "440106", "体育西路 103 号"),
    ("周婷", "13800001006", "广东省", "深圳市", "南山区", "440305", "科苑路 15 号"),
    ("吴迪", "13800001007", "北京市", "北京市", "朝阳区", "110105", "光华路 7 号"),
    ("徐佳", "13800001008", "北京市", "北京市", "海淀区", "110108", "中关村大街 1 号"),
    ("孙悦", "13800001009", "四川省", "成都市", "武侯区", "510107", "科华北路 65 号"),
    ("马超", "13800001010", "四川省", "成都市", "锦江区", "510104", "春熙路 8 号"),
    ("朱琳", "13800001011", "湖北省", "武汉市", "洪山区", "420111", "光谷步行街 1 号"),
    ("胡军", "13800001012", "江苏省", "南京市", "玄武区", "320102", "珠江路 88 号"),
)
"""Name, phone, province, city, district, division code, street."""
