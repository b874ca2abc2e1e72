"""Forms as bytes: urlencoded, or multipart/form-data (RFC 7578) where files come along; both ways.

Writing is deterministic: the same form gives the same bytes, so that a repetition can be told from a change.
"""

import hashlib
import re
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, urlencode

from streetmend.georeport.errors import Unreadable
from streetmend.georeport.types import Upload

URLENCODED = "application/x-www-form-urlencoded; charset=utf-8"

_BOUNDARY = re.compile(r"""boundary=(?:"([^"\r\n]{1,200})"|([^\s;"]{1,200}))""", re.IGNORECASE)
# A backslash is no escape (WHATWG HTML), though some clients write \" for a quote: the closing one ends the value.
_PARAMETER = re.compile(
    r"""\b(name|filename)=(?:"(.*?)"(?=\s*(?:;|\Z))|([^\s;"]+))""", re.IGNORECASE | re.DOTALL
)
_LONGEST_HEAD = 4096
_MOST_PARTS = 1000


class Form(NamedTuple):
    """A form's fields in their order, and its files."""

    fields: tuple[tuple[str, str], ...]
    uploads: tuple[Upload, ...]


def write_form(fields: Sequence[tuple[str, str]], uploads: Sequence[Upload]) -> tuple[str, bytes]:
    """The Content-Type and the body. Line breaks go out as CRLF, as forms have them."""
    crlf = [(name, _crlf(value)) for name, value in fields]
    if not uploads:
        return URLENCODED, urlencode(crlf, quote_via=quote, errors="replace").encode("ascii")
    parts = [
        (f'Content-Disposition: form-data; name="{_quoted(name)}"', value.encode("utf-8", "replace"))
        for name, value in crlf
    ]
    parts += [
        (
            f'Content-Disposition: form-data; name="{_quoted(upload.field)}";'
            f' filename="{_quoted(upload.filename)}"\r\nContent-Type: {_one_line(upload.content_type)}',
            upload.content,
        )
        for upload in uploads
    ]
    return _joined([(head.encode("utf-8", "replace"), content) for head, content in parts])


def _joined(parts: list[tuple[bytes, bytes]]) -> tuple[str, bytes]:
    digest = hashlib.sha256()
    for head, content in parts:
        digest.update(len(content).to_bytes(8, "big") + head + content)
    boundary = f"streetmend-{digest.hexdigest()[:40]}"
    mark = boundary.encode("ascii")
    body = b"".join(b"--%b\r\n%b\r\n\r\n%b\r\n" % (mark, head, content) for head, content in parts)
    return f"multipart/form-data; boundary={boundary}", body + b"--%b--\r\n" % mark


def _crlf(value: str) -> str:
    return value.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")


def _quoted(name: str) -> str:
    """As browsers write names in quotes (WHATWG HTML, multipart/form-data encoding)."""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _one_line(value: str) -> str:
    return re.sub(r"[^\x20-\x7e]", "", value) or "application/octet-stream"


def read_form(content_type: str, body: bytes) -> Form:
    """The fields and files of a form's body. Raises Unreadable for what is neither kind of form."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind in ("application/x-www-form-urlencoded", ""):
        try:
            pairs = parse_qsl(
                body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST_PARTS
            )
        except ValueError as error:
            raise Unreadable(f"has more than {_MOST_PARTS} fields") from error
        return Form(tuple(pairs), ())
    if kind == "multipart/form-data":
        return _read_multipart(content_type, body)
    raise Unreadable("is no form")


def _read_multipart(content_type: str, body: bytes) -> Form:
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise Unreadable("has no boundary between its parts")
    mark = b"\r\n--" + (found[1] or found[2]).encode("latin-1", "replace")
    parts = (b"\r\n" + body).split(mark, _MOST_PARTS + 2)
    if len(parts) > _MOST_PARTS + 2:
        raise Unreadable(f"has more than {_MOST_PARTS} parts")
    if len(parts) < 2 or not parts[-1].startswith(b"--"):
        raise Unreadable("breaks off in the middle of a part")
    fields: list[tuple[str, str]] = []
    uploads: list[Upload] = []
    for part in parts[1:-1]:
        head, separator, content = part.partition(b"\r\n\r\n")
        name, filename, kind = _head(head[:_LONGEST_HEAD])
        if not separator or name is None:
            raise Unreadable("has a part without a name")
        if filename is None:
            fields.append((name, content.decode("utf-8", "replace")))
        else:
            uploads.append(Upload(field=name, filename=filename, content_type=kind, content=content))
    return Form(tuple(fields), tuple(uploads))


def _head(head: bytes) -> tuple[str | None, str | None, str]:
    """The name, the filename and the Content-Type of a part."""
    found: dict[str, str] = {}
    kind = "application/octet-stream"
    for line in head.decode("utf-8", "replace").split("\r\n"):
        label, _, value = line.partition(":")
        if label.strip().lower() == "content-disposition":
            for name, quoted, bare in _PARAMETER.findall(value):
                found.setdefault(name.lower(), _unquoted(quoted or bare))
        elif label.strip().lower() == "content-type":
            kind = value.strip()
    return found.get("name"), found.get("filename"), kind


def _unquoted(value: str) -> str:
    return value.replace('\\"', '"').replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")
