"""Forms: WTForms without tokens (requests are checked by origin), errors of verbs put to fields."""

from collections.abc import Mapping
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its types

from shop.kernel.errors import Invalid
from shop.kernel.words import Words, _l, say


def label(msgid: str) -> Any:
    """A field's label; it travels as words and is translated when the form is drawn."""
    return _l(msgid)


def choices(names: Mapping[Any, Words | str]) -> list[Any]:
    """Options of a select or radio field by their value; labels are translated when drawn."""
    return [SelectChoice(str(value), name) for value, name in names.items()]


class Form(FlaskForm):  # type: ignore[misc]  # flask-wtf publishes no types
    """Base of all forms."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        csrf = False

    def blame(self, error: Invalid) -> None:
        """Show a verb's refusal at the fields it names; what names no field stands above all."""
        for name, sentence in error.fields.items():
            target: Field | None = self._fields.get(name)
            if target is not None:
                target.errors = [*target.errors, say(sentence)]
            else:
                self.form_errors.append(say(sentence))
        if not error.fields:
            self.form_errors.append(say(error.message))

    @property
    def values(self) -> dict[str, Any]:
        """What was typed, by field name."""
        return dict(self.data)
