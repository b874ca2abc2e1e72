"""Text from outside, made clean once, at the door.

What `clean_text` returns is legal in XML 1.0 (section 2.2) and in UTF-8, holds no NUL, no control character
but the newline and the tab of a text of several lines, no lone surrogate and no noncharacter, and is in
Unicode normal form C. Lengths are counted in code points. Cleaning clean text changes nothing.

Each broken rule is an exception of its own below `TextError`, which names the field.
"""

import re
import unicodedata

from email_validator import EmailNotValidError, validate_email

TITLE_LENGTH = 200
DETAIL_LENGTH = 10_000
EMAIL_LENGTH = 254
MARKS_PER_BASE = 4

# Text this many times over its limit is refused unread: no cleaning makes it short enough to be worth the
# work.
_HOPELESS = 20

_REPLACEMENT = "\ufffd"
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_NEWLINES = re.compile("\r\n?|[\x85\u2028\u2029]")
_SPACES = re.compile(r"\s+")
_LINE_ENDS = re.compile(r"[^\S\n]+(?=\n|\Z)")

_NONCHARACTERS = [
    *range(0xFDD0, 0xFDF0),
    *(plane << 16 | last for plane in range(17) for last in (0xFFFE, 0xFFFF)),
]
_TABLE: dict[int, str | None] = {
    **dict.fromkeys((c for c in range(0x20) if c not in (0x09, 0x0A)), None),
    0x7F: None,
    **dict.fromkeys(range(0x80, 0xA0), " "),
    **dict.fromkeys(range(0xD800, 0xE000), _REPLACEMENT),
    **dict.fromkeys(_NONCHARACTERS, _REPLACEMENT),
}

_EMBEDDINGS = "\u202a\u202b\u202d\u202e"
_ISOLATES = "\u2066\u2067\u2068"
_CLOSERS = {"\u202c": _EMBEDDINGS, "\u2069": _ISOLATES}
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
# Zero-width characters that join nothing: in a name they only hide a difference. (U+200C and U+200D stay:
# Persian and emoji need them.)
_HIDDEN = re.compile("[\u00ad\u200b\u2060-\u2064\ufeff]")
_JOINERS = "\u200c\u200d"

# What shows nothing though it is no white space: fillers, the blank of Braille, joiners, marks and variation
# selectors.
_INVISIBLE = re.compile(
    "[\\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001d173-\U0001d17a\U000e0000-\U000e0fff]*"
)


class TextError(ValueError):
    """A text broke a rule; `field` says which text, the message says which rule in words for a person."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


class TextMissing(TextError):
    """A text that must say something says nothing that can be seen."""

    def __init__(self, field: str) -> None:
        super().__init__(field, f"{field} is required")


class TextTooLong(TextError):
    """A text has more code points than its limit."""

    def __init__(self, field: str, limit: int, length: int) -> None:
        super().__init__(field, f"{field} may have at most {limit} characters, this has {length}")
        self.limit = limit
        self.length = length


class EmailInvalid(TextError):
    """Something given as an e-mail address is not exactly one address that mail can be sent to."""

    def __init__(self, field: str) -> None:
        super().__init__(field, f"{field} must be one e-mail address, such as name@example.org")


def clean_text(
    value: str, *, field: str = "text", max_length: int, multiline: bool = False, required: bool = False
) -> str:
    """Text fit to be kept: legal in XML 1.0, in NFC, no white space at its ends; "" where nothing shows.

    Text of one line (a title, a name, a subject) has each run of white space made one space, no bidi control,
    no hidden zero-width character and at most four marks on a letter. Text of several lines keeps its lines,
    tabs and those bidi controls that are closed in the line that opens them.

    Raises TextTooLong over `max_length` code points, and TextMissing if `required` and nothing shows.
    """
    if len(value) > _HOPELESS * max_length:
        raise TextTooLong(field, max_length, len(value))
    text = make_legal(value)
    text = _several_lines(text) if multiline else _one_line(text)
    if is_blank(text):
        if required:
            raise TextMissing(field)
        return ""
    if len(text) > max_length:
        raise TextTooLong(field, max_length, len(text))
    return text


def make_legal(value: str) -> str:
    """The text with legal characters only: for raw answers and logs, where nothing else may change.

    Surrogate pairs become the character they mean; lone ones and noncharacters U+FFFD. Every kind of line end
    becomes a newline, C1 controls a space; NUL, DEL and the C0 controls but newline and tab go.
    """
    joined = _PAIR.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), value)
    return _NEWLINES.sub("\n", joined).translate(_TABLE)


def is_blank(text: str) -> bool:
    """True where nothing can be seen: empty, white space, fillers and zero-width characters only."""
    return _INVISIBLE.fullmatch(text) is not None


def split_description(text: str) -> tuple[str, str]:
    """The title (the first line that says something, at most 200 code points) and the detail (the rest).

    For descriptions from outside, where both come as one text. Nothing is lost: what the title has no room
    for begins the detail, cut at a word. Raises TextMissing for "description" if nothing shows
    and TextTooLong if it is longer than a title and a detail together.
    """
    cleaned = clean_text(
        text, field="description", max_length=TITLE_LENGTH + DETAIL_LENGTH, multiline=True, required=True
    )
    lines = cleaned.split("\n")
    while is_blank(lines[0]):
        del lines[0]
    first = _one_line(lines[0])
    cut = _cut_at_word(first, TITLE_LENGTH)
    rest = [first[cut:].strip()] if cut < len(first) else []
    detail = clean_text(
        "\n".join([*rest, *lines[1:]]), field="description", max_length=DETAIL_LENGTH, multiline=True
    )
    return first[:cut].strip(), detail


_LINK = re.compile(r"https?://|\bwww\.", re.IGNORECASE)


def links_in(text: str) -> int:
    """How many web addresses the text has, whether or not they lead anywhere."""
    return len(_LINK.findall(text))


def folded(text: str) -> str:
    """The text without regard to letter case, for searches: two spellings of a word become the same in every language."""
    return unicodedata.normalize("NFC", text.casefold())


def clean_email(value: str, *, field: str = "email") -> str:
    """One e-mail address of at most 254 characters, its domain in lower case and in IDNA.

    Nothing is looked up. Quoted local parts, address literals, domains of one label, lists, comments and
    names before the address are refused; so are local parts beyond ASCII, which few servers deliver.

    Raises TextMissing for an empty value, EmailInvalid for everything else that is no address.
    """
    if len(value) > _HOPELESS * EMAIL_LENGTH:
        raise EmailInvalid(field)
    address = value.strip()
    if is_blank(address):
        raise TextMissing(field)
    try:
        # test_environment lets the reserved domain .test through, for trial sites; it changes nothing else
        checked = validate_email(
            address, check_deliverability=False, allow_smtputf8=False, strict=True, test_environment=True
        )
    except (EmailNotValidError, UnicodeError) as error:
        raise EmailInvalid(field) from error
    sent_to = checked.ascii_email
    if sent_to is None or len(sent_to) > EMAIL_LENGTH or "." not in sent_to.rpartition("@")[2]:
        raise EmailInvalid(field)
    return sent_to


def _one_line(text: str) -> str:
    """Legal text as one line, without anything that could turn around or hide what stands beside it."""
    text = _HIDDEN.sub("", _BIDI.sub("", text))
    text = unicodedata.normalize("NFC", _SPACES.sub(" ", text))
    return unicodedata.normalize("NFC", _limit_marks(text)).strip()


def _several_lines(text: str) -> str:
    """Legal text of several lines: no white space at the end of a line, no blank lines at the ends."""
    if _BIDI.search(text):
        text = "\n".join(_balance_bidi(line) for line in text.split("\n"))
    text = _LINE_ENDS.sub("", unicodedata.normalize("NFC", text))
    return text.strip("\n").rstrip()


def _balance_bidi(line: str) -> str:
    """The line without those bidi controls that are not closed, in order, in the line itself."""
    open_at: list[int] = []
    characters = list(line)
    for at, character in enumerate(characters):
        if character in _EMBEDDINGS or character in _ISOLATES:
            open_at.append(at)
        elif character in _CLOSERS:
            if open_at and characters[open_at[-1]] in _CLOSERS[character]:
                open_at.pop()
            else:
                characters[at] = ""
    for at in open_at:
        characters[at] = ""
    return "".join(characters)


def _limit_marks(text: str) -> str:
    """At most four marks and joiners after a base: a tower of marks would cover the lines around it."""
    if text.isascii():
        return text
    kept: list[str] = []
    marks = 0
    for character in text:
        marks = marks + 1 if _is_mark(character) else 0
        if marks <= MARKS_PER_BASE:
            kept.append(character)
    return "".join(kept)


def _is_mark(character: str) -> bool:
    return character in _JOINERS or unicodedata.category(character) in ("Mn", "Me")


def _cut_at_word(line: str, limit: int) -> int:
    """Where to cut so that at most `limit` code points come before: at a space in the second half, if any."""
    if len(line) <= limit:
        return len(line)
    space = line.rfind(" ", limit // 2, limit + 1)
    if space > 0:
        return space
    cut = limit
    while cut > limit - 2 * MARKS_PER_BASE and _is_mark(line[cut]):
        cut -= 1
    return cut


#: the wide ones too: some spreadsheets take them for the narrow ones
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def spreadsheet_safe(text: str) -> str:
    """The text as a cell of a table: nothing that a spreadsheet takes for a formula, and nothing that turns its line around."""
    text = _BIDI.sub("", text)
    return f"'{text}" if text.startswith(_FORMULA) else text
