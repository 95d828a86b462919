"""What the sandbox knows of currencies: exponents, smallest charges, methods, how to print them."""

ZERO_DECIMAL = frozenset({
    "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd",
    "vuv", "xaf", "xof", "xpf",
})  # fmt: skip
THREE_DECIMAL = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])

SMALLEST_CHARGE = {
    "aed": 200, "aud": 50, "brl": 50, "cad": 50, "chf": 50, "cny": 400, "czk": 1500, "dkk": 250,
    "eur": 50, "gbp": 30, "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "krw": 500, "mxn": 1000,
    "myr": 200, "nok": 300, "nzd": 50, "pln": 200, "ron": 200, "sek": 300, "sgd": 50, "thb": 1000,
    "twd": 1500, "usd": 50,
}  # fmt: skip
"""Stripe's published minimums; yuan and others convert to about the same worth."""

LARGEST_CHARGE = 99_999_999

_OTHERS = {
    "php", "idr", "zar", "try", "ils", "rub", "sar", "egp", "kzt", "uah", "pkr", "lkr",
    "mop", "npr",
}  # fmt: skip
SUPPORTED = frozenset(SMALLEST_CHARGE) | ZERO_DECIMAL | THREE_DECIMAL | _OTHERS

METHOD_CURRENCIES = {
    "card": SUPPORTED,
    "alipay": frozenset(
        ["aud", "cad", "cny", "eur", "gbp", "hkd", "jpy", "myr", "nzd", "sgd", "usd"]
    ),
    "wechat_pay": frozenset(
        ["aud", "cad", "chf", "cny", "dkk", "eur", "gbp", "hkd", "jpy", "nok", "sek", "sgd", "usd"]
    ),
}

_SIGNS = {"cny": "¥", "usd": "US$", "hkd": "HK$", "eur": "€", "gbp": "£", "jpy": "JP¥", "sgd": "S$"}


def exponent(currency: str) -> int:
    """Return how many decimals the currency has."""
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def smallest_charge(currency: str) -> int:
    """Return the least amount in minor units that can be charged."""
    return SMALLEST_CHARGE.get(currency, 1 if exponent(currency) == 0 else 50)


def display(amount: int, currency: str) -> str:
    """Return an amount for people: `¥128.00`, `HK$4.00`, `1,500 VND`."""
    sign, digits = ("-" if amount < 0 else ""), exponent(currency)
    whole, part = divmod(abs(amount), 10**digits)
    number = f"{whole:,}" + (f".{part:0{digits}d}" if digits else "")
    if currency in _SIGNS:
        return f"{sign}{_SIGNS[currency]}{number}"
    return f"{sign}{number} {currency.upper()}"
