"""Pages of requests: kept from the last time where nothing that they show has changed since, else made of what has changed.

At most two statements make a page, whatever is asked and whatever has changed: a look (`reports.queries.looking`), and the rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse

from streetmend.georeport.dialect import Dialect
from streetmend.georeport.writing import WRITERS, content_type
from streetmend.open311 import feeds, paging, wire
from streetmend.open311.addresses import Address
from streetmend.open311.finishing import ANSWERS, PIECES, etag, finished
from streetmend.open311.names import Names, names
from streetmend.open311.packing import Facts, Kept
from streetmend.open311.pieces import Piece
from streetmend.reports.queries import looking, mass
from streetmend.reports.queries.looking import Look
from streetmend.reports.queries.mass import Outline
from streetmend.reports.queries.search import Search
from streetmend.reports.services.settling import settle_changes

#: after so many answers it is looked at again by which index few reports are found
_LOOKED_AT_EVERY = 100
#: of a page of which more has changed than one part in so many, all rows are read
_MOST_CHANGED = 2


class NamesChanged(Exception):
    """What was read is to be shown with other names than those remembered."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The answer, what is known of its page, and how many requests there are in all where that was counted."""

    response: HttpResponse
    kept: Kept
    counted: int | None


@dataclass(frozen=True, slots=True)
class _Asked:
    """A search, how its page is to be written, and with which names; `sure`: they are those of now."""

    address: Address
    dialect: Dialect
    search: Search
    names: Names
    sure: bool

    @property
    def shape(self) -> str:
        """All that makes the same rows different answers."""
        search = self.search
        return (
            f"{self.dialect.name}|{self.address.fmt}|{self.address.feed}|{search.limit}|{search.offset}|{search.ids}"
            f"|{search.walk}|{search.changes}"
        )

    def key(self, rows: str) -> str:
        """By what the answer that shows these rows is kept."""
        return hashlib.sha256(f"{self.shape}|{self.names.epoch}|{rows}".encode()).hexdigest()

    def check(self, epoch: int) -> None:
        """Raises NamesChanged unless the names are sure or of this epoch."""
        if not self.sure and epoch != self.names.epoch:
            raise NamesChanged


def shown(
    request: HttpRequest, address: Address, dialect: Dialect, search: Search, known: Names, *, sure: bool
) -> Shown:
    """The page of a search as an answer.

    Raises NamesChanged unless the names are `sure` or of the same epoch as the rows.
    """
    asked = _Asked(address, dialect, search, known, sure)
    question = (asked.shape, search)
    last = ANSWERS.last(question)
    seen = _looked(asked, last, has_one="HTTP_IF_NONE_MATCH" in request.META)
    key, kept = "", None
    if seen is not None and seen.rows is not None:
        key = asked.key(seen.rows)
        kept = ANSWERS.get(key)
        if kept is None and last is not None:
            kept = _of_pieces(asked, seen, last.facts)
            if kept is not None:
                ANSWERS.put(key, kept, question=question)
    if kept is None:
        key, kept = _read(asked, seen, last)
        ANSWERS.put(key, kept, question=question)
    kind = (
        feeds.WRITERS[address.feed].kind
        if address.feed in feeds.WRITERS
        else content_type(address.fmt, dialect)
    )
    changed = paging.changed(kept, known.changed_at())
    response = finished(request, kept, kind, etag(key), key, changed=changed)
    return Shown(response, kept, seen.total if seen is not None else None)


def _looked(asked: _Asked, last: Kept | None, *, has_one: bool) -> Look | None:
    """What is to be known before the page is read; None where nothing is.

    Whether the page is as it was needs no look where no answer can be had by that.
    """
    search = asked.search
    unsure = looking.needs_a_look(search)
    found = last is not None and (not unsure or last.facts.made < _LOOKED_AT_EVERY)
    rows = found or (has_one and not unsure)
    if not (rows or unsure or search.about_changes or search.offset is not None):
        return None
    known = last.facts.few if found and last is not None else None
    most = paging.MOST_COUNTED if search.offset is not None and not search.walk else None
    seen = looking.look(search, known=known, rows=rows, most=most)
    if seen.waiting:
        settle_changes()
        seen = looking.look(search, known=known, rows=rows, most=most)
    asked.check(seen.epoch)
    return seen


def _read(asked: _Asked, seen: Look | None, last: Kept | None) -> tuple[str, Kept]:
    """The page of its rows, and by what it is kept: what was really read, as a report may have changed since the look."""
    few = seen.few if seen is not None else None
    page = mass.read(asked.search, few)
    if page.epoch is not None:
        asked.check(page.epoch)
    elif seen is None and not _may_stay_empty(asked):
        raise NamesChanged
    key = asked.key(",".join(page.keys))
    kept = ANSWERS.get(key)
    if kept is not None:
        return key, kept
    found = wire.requests(page.rows, asked.names)
    outline = page.outline()
    facts = paging.facts(outline, asked.search, few, _made(seen, last))
    feed = feeds.WRITERS.get(asked.address.feed)
    if feed is not None:
        return key, Kept(feed.write(found.requests(), asked.dialect, asked.names), facts)
    writer = WRITERS[asked.address.fmt]
    if last is None or asked.search.ids is not None:
        return key, Kept(writer.write_requests(found, asked.dialect), facts)
    # it is asked for again, and has changed: next time little of it will have
    bodies = writer.write_each(found, asked.dialect)
    _keep(asked, page.keys, bodies, outline)
    return key, Kept(writer.put_together(bodies, asked.dialect), facts)


def _may_stay_empty(asked: _Asked) -> bool:
    """Whether names that have changed can have been in the way of finding anything."""
    return asked.sure or asked.search.categories is asked.search.bodies is None or names() is asked.names


def _made(seen: Look | None, last: Kept | None) -> int:
    """How many answers were made since it was looked at by which index few reports are found."""
    return last.facts.made + 1 if last is not None and seen is not None and seen.rows is not None else 0


def _of_pieces(asked: _Asked, seen: Look, last: Facts) -> Kept | None:
    """The page of the rows that were seen, of which only those are read that have changed; None where it must be read whole."""
    search = asked.search
    if asked.address.feed or search.ids is not None or not seen.rows:
        return None
    keys = seen.rows.split(",")
    known = PIECES.known(_kind(asked), keys)
    missing = [key for key in keys if key not in known]
    if len(missing) * _MOST_CHANGED > len(keys):
        return None
    if missing:
        read = mass.read(Search(ids=tuple(_id(key) for key in missing), limit=len(missing)), None)
        if read.epoch != asked.names.epoch or set(read.keys) != set(missing):
            return None  # more has changed since the look
        known |= _keep(asked, missing, _each(asked, read), read.outline())
    pieces = [known[key] for key in keys]
    length = mass.cut([piece.requested for piece in pieces], search)
    told = pieces[:length]
    outline = Outline(
        [_id(key) for key in keys[:length]],
        [piece.requested for piece in told],
        [piece.updated for piece in told],
        length < len(keys),
    )
    body = WRITERS[asked.address.fmt].put_together([piece.body for piece in told], asked.dialect)
    return Kept(body, paging.facts(outline, search, seen.few, last.made + 1))


def _each(asked: _Asked, page: mass.Page) -> list[bytes]:
    return WRITERS[asked.address.fmt].write_each(wire.requests(page.rows, asked.names), asked.dialect)


def _keep(asked: _Asked, keys: Sequence[str], bodies: list[bytes], outline: Outline) -> dict[str, Piece]:
    """The pieces, which are kept; of keys beyond the page there is none."""
    pieces = map(Piece, bodies, outline.requested, outline.updated)
    found = dict(zip(keys, pieces, strict=False))
    PIECES.keep(_kind(asked), found)
    return found


def _kind(asked: _Asked) -> str:
    return f"{asked.dialect.name}|{asked.address.fmt}|{asked.names.epoch}"


def _id(key: str) -> int:
    return int(key.partition(":")[0])
