"""A pasted line becomes fields, in whatever order people write it."""

import pytest

from shop.checkout.address import paste
from shop.checkout.places import division_code

WEST_LAKE = {"province": "浙江省", "city": "杭州市", "district": "西湖区"}
LINES = (
    "张三 13800138000 浙江省杭州市西湖区文三路100号",
    "浙江省杭州市西湖区文三路100号 张三 13800138000",
    "13800138000 浙江省杭州市西湖区文三路100号 张三",
    "13800138000,张三,浙江杭州西湖区文三路100号",
    "张三13800138000浙江省杭州市西湖区文三路100号",
    "杭州市西湖区文三路100号 张三 13800138000",
    "收货人：张三，手机号码：138 0013 8000，所在地区：浙江省 杭州市 西湖区，详细地址：文三路100号",
    "收货人: 张三\n手机: +86 138-0013-8000\n地区: 浙江省杭州市西湖区\n地址: 文三路100号",
)


@pytest.mark.parametrize("line", LINES)
def test_name_phone_and_place_stand_in_any_order(line: str) -> None:
    assert paste(line) == {
        "name": "张三",
        "phone": "13800138000",
        "email": "",
        "address": "文三路100号",
        **WEST_LAKE,
    }


PLACES = {
    "上海市浦东新区世纪大道100号": ("上海市", "上海市", "浦东新区", "310115"),
    "上海上海市浦东新区世纪大道100号": ("上海市", "上海市", "浦东新区", "310115"),
    "北京市市辖区海淀区中关村大街27号": ("北京市", "北京市", "海淀区", "110108"),
    "天津市和平区南京路189号": ("天津市", "天津市", "和平区", "120101"),
    "重庆城口县葛城街道土城路1号": ("重庆市", "重庆市", "城口县", "500229"),
    "内蒙古呼和浩特新城区新华大街1号": ("内蒙古自治区", "呼和浩特市", "新城区", "150102"),
    "新疆维吾尔自治区乌鲁木齐市天山区解放北路1号": (
        "新疆维吾尔自治区", "乌鲁木齐市", "天山区", "650102",
    ),
    "四川凉山西昌市航天大道1号": ("四川省", "凉山彝族自治州", "西昌市", "513401"),
    "江苏省昆山市玉山镇人民路1号": ("江苏省", "苏州市", "昆山市", "320583"),
    "湖北省仙桃市沔州大道1号": ("湖北省", "湖北省", "仙桃市", "429004"),
    "吉林省吉林市昌邑区解放东路1号": ("吉林省", "吉林市", "昌邑区", "220202"),
    "江苏省南通市通州区世纪大道1号": ("江苏省", "南通市", "通州区", "320612"),
}  # fmt: skip


@pytest.mark.parametrize(("line", "place"), PLACES.items())
def test_the_place_gets_its_full_names_and_its_code(
    line: str, place: tuple[str, str, str, str]
) -> None:
    found = paste(f"{line} 欧阳娜娜 18612345678")

    names = tuple(found.get(name, "") for name in ("province", "city", "district"))
    assert (*names, division_code(*names)) == place
    assert (found["name"], found["phone"]) == ("欧阳娜娜", "18612345678")
    assert found["address"].endswith("号")


@pytest.mark.parametrize(
    ("line", "city", "street"),
    [
        ("江苏省南京市玄武区北京东路41号 周敏", "南京市", "北京东路41号"),
        ("西藏自治区拉萨市城关区北京中路1号 扎西", "拉萨市", "北京中路1号"),
        ("山东省济南市历下区上海路5号 孙浩", "济南市", "上海路5号"),
        ("陈海南 浙江省杭州市西湖区文三路1号", "杭州市", "文三路1号"),
    ],
)
def test_a_street_or_a_person_called_like_a_city_is_not_the_city(
    line: str, city: str, street: str
) -> None:
    found = paste(line)

    assert (found["city"], found["address"]) == (city, street)


def test_a_street_alone_names_no_city() -> None:
    found = paste("张三 13800138000 北京东路41号")

    assert "province" not in found
    assert (found["name"], found["address"]) == ("张三", "北京东路41号")


def test_a_place_that_the_tree_does_not_know_stays_in_the_address() -> None:
    found = paste("香港特别行政区 中西区 皇后大道中1号 陈大文")

    assert found["name"] == "陈大文"
    assert found["address"] == "香港特别行政区 中西区 皇后大道中1号"


def test_numbers_of_a_house_are_no_phone() -> None:
    found = paste("河北省石家庄市长安区中山东路1380013号12层 王芳 13800138000")

    assert (found["phone"], found["address"]) == ("13800138000", "中山东路1380013号12层")


def test_a_landline_is_a_phone_and_nobodys_name() -> None:
    found = paste("0571-88888888 张三 浙江省杭州市西湖区文三路100号")

    assert (found["phone"], found["name"]) == ("057188888888", "张三")


def test_an_e_mail_address_is_taken_and_a_latin_name_stays_whole() -> None:
    found = paste("Wang Fang, fang@example.com, 浙江省杭州市西湖区文三路100号")

    assert (found["name"], found["email"]) == ("Wang Fang", "fang@example.com")
    assert found["address"] == "文三路100号"


@pytest.mark.parametrize("text", ["", "   ", "你好", "😀", "，，，", "北京" * 400, "\x00" * 10])
def test_anything_else_is_taken_without_complaint(text: str) -> None:
    assert set(paste(text)) >= {"name", "phone", "email", "address"}


class TestTheCode:
    """It decides on tax and shipping, so what a buyer types by hand must lead to it too."""

    @pytest.mark.parametrize(
        ("typed", "code"),
        [
            (("浙江省", "杭州市", "西湖区"), "330106"),
            (("浙江", "杭州", "西湖区"), "330106"),
            (("浙江省", "杭州市", "不存在区"), "3301"),
            (("浙江省", "不存在市", "西湖区"), "33"),
            (("北京市", "北京市", "朝阳区"), "110105"),
            (("北京市", "朝阳区", ""), "110105"),
            (("上海市", "上海市", ""), "3101"),
            (("重庆市", "重庆市", "渝中区"), "500103"),
            (("重庆市", "重庆市", "城口县"), "500229"),
            (("湖北省", "仙桃市", ""), "429004"),
            (("", "杭州市", "西湖区"), ""),
            (("Bavaria", "Munich", ""), ""),
        ],
    )
    def test_it_is_the_longest_that_the_names_lead_to(
        self, typed: tuple[str, str, str], code: str
    ) -> None:
        assert division_code(*typed) == code
