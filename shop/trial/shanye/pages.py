"""Shanye's legal pages; a demo's words, no advice."""

PAGES: dict[str, dict[str, str]] = {
    "terms": {
        "zh": "你通过分享者的小店下单，**由山野发货并收款**，分享者不经手你的钱。\n\n订单以付款成功为准；价格含税。生鲜以实际重量为准，误差在 3% 以内。",
        "en": "You order in a point's shop; **Shanye ships and charges**, and the point never "
        "handles your money.\n\nAn order stands when it is paid. Prices include tax. Fresh goods "
        "may differ in weight by up to 3 %.",
    },
    "privacy": {
        "zh": "我们只为送货和售后使用你的联系方式。分享者看不到你的姓名、电话和地址。你可以随时要求删除。",
        "en": "We use your contact for delivery and service only. Points never see your name, "
        "phone or address. Ask us to erase it at any time.",
    },
    "shipping": {
        "zh": "满 199 元包邮，偏远地区满 399 元包邮。冷链发货，2–4 天送达；门店自提当天可取。",
        "en": "Free shipping from ¥199, to remote regions from ¥399. Cold chain, 2–4 days; "
        "collection at a store on the same day.",
    },
    "returns": {
        "zh": "收到七天内，不满意就退。生鲜坏损请拍照，直接退款。",
        "en": "Seven days to return. For damaged fresh goods send a photo and get your money back.",
    },
    "contact": {
        "zh": "客服电话 +852 3000 0000，每天 9:00–21:00。",
        "en": "Service +852 3000 0000, daily 9:00–21:00.",
    },
}
