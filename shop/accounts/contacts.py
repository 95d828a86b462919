"""A person's phone number and e-mail address in the one form in which they are stored and compared."""

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from shop.kernel.errors import Invalid
from shop.kernel.words import Words, _l


def normal_phone(
    text: str, country: str, wrong: dict[str, Words | str] | None = None
) -> str | None:
    """E.164, or None for an empty text; a bad number is noted in `wrong` or raised as Invalid."""
    if not text.strip():
        return None
    try:
        number = phonenumbers.parse(text, country)
        if phonenumbers.is_possible_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    except phonenumbers.NumberParseException:
        pass
    _blame("phone", _l("This does not look like a phone number."), wrong)
    return None


def normal_email(text: str, wrong: dict[str, Words | str] | None = None) -> str | None:
    """Trimmed and lower case, or None for an empty text; a bad one is noted or raised."""
    if not text.strip():
        return None
    try:
        found = validate_email(
            text.strip(), check_deliverability=False, test_environment=True
        ).normalized
    except EmailNotValidError:
        _blame("email", _l("This does not look like an e-mail address."), wrong)
        return None
    return found.lower()


def normal_contact(text: str, country: str) -> str:
    """A typed phone number or e-mail address; raises Invalid if it is neither."""
    found = normal_email(text) if "@" in text else normal_phone(text, country)
    if found is None:
        raise Invalid(_l("Please give a phone number or an e-mail address."), field="contact")
    return found


def _blame(field: str, sentence: Words, wrong: dict[str, Words | str] | None) -> None:
    if wrong is None:
        raise Invalid(sentence, field=field)
    wrong[field] = sentence
