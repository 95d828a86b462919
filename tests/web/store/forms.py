"""Forms as a browser without script sees them: the fields inside, and where each button sends them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Button:
    """What stands on it, and where it sends its form."""

    action: str
    words: str = ""


@dataclass
class Form:
    """One form of a page."""

    action: str
    values: dict[str, str] = field(default_factory=dict)
    """What would be sent, by name."""
    names: set[str] = field(default_factory=set)
    """All fields, those included that would not be sent as they stand."""
    buttons: list[Button] = field(default_factory=list)

    def button(self, words: str) -> Button:
        """The one whose words begin like this."""
        return next(one for one in self.buttons if one.words.startswith(words))


def form_with(page: str, button: str) -> Form:
    """The form of the page that holds this button."""
    reader = _Reader()
    reader.feed(page)
    return next(
        form for form in reader.forms if any(one.words.startswith(button) for one in form.buttons)
    )


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._open: Form | None = None
        self._writing = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Form(given.get("action", ""))
            self.forms.append(self._open)
        if self._open is None:
            return
        name = given.get("name", "")
        if tag == "button":
            self._open.buttons.append(Button(given.get("formaction", self._open.action)))
            self._writing = "button"
        elif name and tag in ("input", "textarea"):
            self._open.names.add(name)
            if given.get("type") not in ("checkbox", "radio") or "checked" in given:
                self._open.values[name] = given.get("value", "")
            self._writing = name if tag == "textarea" else ""

    def handle_data(self, data: str) -> None:
        if self._open is None or not self._writing:
            return
        if self._writing == "button":
            self._open.buttons[-1].words += data
        else:
            self._open.values[self._writing] += data

    def handle_endtag(self, tag: str) -> None:
        if tag in ("button", "textarea"):
            self._writing = ""
        if tag == "form":
            self._open = None
