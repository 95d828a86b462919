"""Every word that people see has its Chinese, with the same values in it."""

import io
import re
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
CATALOG = ROOT / "shop" / "translations" / "zh_Hans" / "LC_MESSAGES" / "messages.po"
KEYWORDS = {"_": None, "_l": None, "label": None, "gettext": None, "ngettext": (1, 2)}
METHODS = [("shop/**.py", "python"), ("templates/**.html", "jinja2")]


def words_of_the_source() -> set[str]:
    found = extract_from_dir(str(ROOT), METHODS, keywords=KEYWORDS, options_map={})
    return {words if isinstance(words, str) else words[0] for _file, _line, words, *_ in found}


def test_everything_is_translated() -> None:
    catalog = read_po(io.BytesIO(CATALOG.read_bytes()))
    known = {
        message.id if isinstance(message.id, str) else message.id[0]
        for message in catalog
        if message.id and message.string
    }

    assert sorted(words_of_the_source() - known) == []


def test_translations_keep_the_values() -> None:
    def values(text: str) -> list[str]:
        return sorted(set(re.findall(r"%\(\w+\)[sd]", text)))

    catalog = read_po(io.BytesIO(CATALOG.read_bytes()))
    wrong = [
        message.id
        for message in catalog
        if isinstance(message.id, str) and message.id
        if values(message.id) != values(str(message.string))
    ]
    assert wrong == []


def test_a_percent_sign_stands_for_a_value_only() -> None:
    """Templates format what they translate, so that a bare sign would break the page."""
    bare = re.compile(r"%(?!\(\w+\)[sd]|%)")
    catalog = read_po(io.BytesIO(CATALOG.read_bytes()))
    wrong = [message.id for message in catalog if bare.search(f"{message.id} {message.string}")]
    assert wrong == []


def test_chinese_speaks_to_everybody_alike() -> None:
    """It says 你; both words beside each other sound like two houses."""
    catalog = read_po(io.BytesIO(CATALOG.read_bytes()))
    assert [message.id for message in catalog if "您" in str(message.string)] == []


ACCUSING = re.compile(r"fraud|cheat|scam|欺诈|诈骗|舞弊|作弊|骗", re.IGNORECASE)


def test_no_page_accuses_anybody() -> None:
    """A rule says what was found and until when; nobody reads a verdict that nobody has given."""
    catalog = read_po(io.BytesIO(CATALOG.read_bytes()))
    said = [text for message in catalog for text in (str(message.id), str(message.string))]
    pages = [page.read_text() for page in (ROOT / "templates").rglob("*.html")]
    # Codes that a statement or an explanation would show where words for them are missing.
    rewards = ROOT / "shop" / "rewards"
    sources = [rewards / "sentences.py", *rewards.glob("statement*.py")]
    written = [text for file in sources for text in re.findall(r'"[^"]*"', file.read_text())]

    assert [text for text in (*said, *pages, *written) if ACCUSING.search(text)] == []
