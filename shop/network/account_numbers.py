"""Numbers of bank accounts and banks: an IBAN with its check digits, a BIC, a clearing number."""

import re

_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", re.ASCII)
_BIC = re.compile(r"[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?", re.ASCII)


def is_meant_as_iban(number: str) -> bool:
    """Whether somebody typed an IBAN, right or wrong: country, then two digits."""
    return number[:2].isalpha() and number[2:4].isdigit()


def is_iban(number: str) -> bool:
    """Whether it is an IBAN whose check digits are right (ISO 7064, mod 97)."""
    if _IBAN.fullmatch(number) is None:
        return False
    turned = number[4:] + number[:4]
    return int("".join(str(int(sign, 36)) for sign in turned)) % 97 == 1


def is_bic(code: str) -> bool:
    """Whether it has the form of a BIC; anything else is a bank's number in a clearing system."""
    return _BIC.fullmatch(code) is not None
