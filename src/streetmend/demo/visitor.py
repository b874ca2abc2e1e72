"""A visitor without JavaScript: opens pages, fills in their forms, follows their links. Keeps cookies, uses no proxy."""

from __future__ import annotations

import http.client
import secrets
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin, urlsplit

_LARGEST = 4 * 1024 * 1024
_SKIPPED = frozenset({"script", "style", "template"})


class VisitFailed(Exception):
    """A page is not what a visitor expects; the text says which and why."""


@dataclass(frozen=True, slots=True)
class Control:
    """A control of a form as it stands: radios, boxes and options have one for each choice."""

    kind: str
    name: str
    value: str
    chosen: bool = True


@dataclass(slots=True)
class Form:
    """A form of a page."""

    action: str
    method: str
    enctype: str
    controls: list[Control] = field(default_factory=list)

    def names(self) -> set[str]:
        """The names of everything that can be filled in."""
        return {control.name for control in self.controls}

    def choices(self, name: str) -> list[str]:
        """The values to choose from."""
        return [
            one.value
            for one in self.controls
            if one.name == name and one.kind in ("radio", "checkbox", "option")
        ]


@dataclass(slots=True)
class Page:
    """A page as a visitor sees it."""

    url: str
    status: int
    forms: list[Form] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    text: str = ""

    def form(self, *names: str) -> Form:
        """The form that asks for all of these. Raises VisitFailed."""
        for form in self.forms:
            if form.names() >= set(names):
                return form
        asked = ", ".join(names) or "anything"
        raise VisitFailed(f"{self.url} has no form that asks for {asked}. It says: {self.text[:300]}")

    def link(self, part: str) -> str:
        """The address of the first link that has `part` in it. Raises VisitFailed."""
        for link in self.links:
            if part in link:
                return link
        raise VisitFailed(f"{self.url} has no link with {part}")


class Visitor:
    """One browser's worth of cookies. Every answer has to come within `timeout` seconds."""

    def __init__(self, *, timeout: float = 10.0, language: str = "en") -> None:
        self._timeout = timeout
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor()
        )
        self._opener.addheaders = [("Accept-Language", language)]

    def open(self, url: str) -> Page:
        """The page at the address. Raises VisitFailed where there is none."""
        return self._fetch(urllib.request.Request(url))  # noqa: S310  its scheme is checked below

    def submit(
        self,
        page: Page,
        form: Form,
        values: Mapping[str, str | Sequence[str]],
        *,
        button: tuple[str, str] | None = None,
        files: Mapping[str, tuple[str, bytes]] | None = None,
    ) -> Page:
        """The page that follows when the form is filled in with `values` and sent by `button` (its name and value).

        Raises VisitFailed where the form does not ask for one of the values, and as `open`.
        """
        if unknown := values.keys() - form.names():
            raise VisitFailed(f"The form of {page.url} does not ask for {', '.join(sorted(unknown))}.")
        pairs = _filled(form, values) + ([button] if button else [])
        url = urljoin(page.url, form.action)
        if form.method != "post":
            return self.open(f"{url.partition('?')[0]}?{urlencode(pairs)}")
        if form.enctype == "multipart/form-data":
            body, kind = _multipart(pairs, files or {})
        else:
            body, kind = urlencode(pairs).encode(), "application/x-www-form-urlencoded"
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(url))
        headers = {"Content-Type": kind, "Referer": page.url, "Origin": origin}
        return self._fetch(urllib.request.Request(url, body, headers))  # noqa: S310  its scheme is checked below

    def _fetch(self, request: urllib.request.Request) -> Page:
        if urlsplit(request.full_url).scheme not in ("http", "https"):
            raise VisitFailed(f"{request.full_url} is no address of a page.")
        try:
            with self._opener.open(request, timeout=self._timeout) as answer:
                return _read(answer.url, answer.status, answer.read(_LARGEST))
        except urllib.error.HTTPError as error:
            page = _read(request.full_url, error.code, error.read(_LARGEST))
            raise VisitFailed(f"{request.full_url} answered {error.code}: {page.text[:300]}") from error
        except (OSError, http.client.HTTPException) as error:
            raise VisitFailed(f"{request.full_url} did not answer: {error}") from error


def _filled(form: Form, values: Mapping[str, str | Sequence[str]]) -> list[tuple[str, str]]:
    """What the form sends: what stands in it, but for what is filled in."""
    pairs = [
        (one.name, one.value)
        for one in form.controls
        if one.chosen and one.name not in values and one.kind not in ("submit", "file", "image", "button")
    ]
    for name, value in values.items():
        pairs += [(name, one) for one in ([value] if isinstance(value, str) else value)]
    return pairs


def _multipart(pairs: Sequence[tuple[str, str]], files: Mapping[str, tuple[str, bytes]]) -> tuple[bytes, str]:
    line = secrets.token_hex(16)
    parts = [
        f'--{line}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in pairs
    ]
    for name, (filename, content) in files.items():
        head = f'Content-Disposition: form-data; name="{name}"; filename="{filename}"'
        parts.append(f"--{line}\r\n{head}\r\nContent-Type: image/jpeg\r\n\r\n".encode() + content + b"\r\n")
    return b"".join(parts) + f"--{line}--\r\n".encode(), f"multipart/form-data; boundary={line}"


def _read(url: str, status: int, content: bytes) -> Page:
    page = Page(url, status)
    reader = _Reader(page)
    reader.feed(content.decode("utf-8", "replace"))
    page.text = " ".join(" ".join(reader.words).split())
    return page


class _Reader(HTMLParser):
    def __init__(self, page: Page) -> None:
        super().__init__()
        self.page, self.words = page, list[str]()
        self._form: Form | None = None
        self._select = ""
        self._area: list[str] | None = None
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        flags = {name for name, _ in attrs}
        if tag in _SKIPPED:
            self._silent += 1
        elif tag == "a" and "href" in given:
            self.page.links.append(urljoin(self.page.url, given["href"]))
        elif tag == "form":
            method, enctype = given.get("method", "get").lower(), given.get("enctype", "").lower()
            self._form = Form(given.get("action", ""), method, enctype)
            self.page.forms.append(self._form)
        elif tag == "select":
            self._select = given.get("name", "")
        elif self._form is not None and "disabled" not in flags:
            self._control(tag, given, flags)

    def _control(self, tag: str, given: Mapping[str, str], flags: set[str]) -> None:
        name = given.get("name", "")
        if tag == "textarea" and name:
            self._area = []
            self._add("textarea", name, "")
        elif tag == "option" and self._select:
            self._add("option", self._select, given.get("value", ""), chosen="selected" in flags)
        elif tag in ("input", "button") and name:
            kind = given.get("type", "text" if tag == "input" else "submit").lower()
            ticked = kind not in ("radio", "checkbox")
            self._add(
                kind, name, given.get("value", "" if ticked else "on"), chosen=ticked or "checked" in flags
            )

    def _add(self, kind: str, name: str, value: str, *, chosen: bool = True) -> None:
        if self._form is not None:
            self._form.controls.append(Control(kind, name, value, chosen))

    def handle_endtag(self, tag: str) -> None:
        if tag in _SKIPPED:
            self._silent -= 1
        elif tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea" and self._area is not None and self._form is not None:
            last = self._form.controls[-1]
            self._form.controls[-1] = Control("textarea", last.name, "".join(self._area).removeprefix("\n"))
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._area.append(data)
        elif not self._silent:
            self.words.append(data)
