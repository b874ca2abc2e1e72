"""What templates can say besides Django's own: icons, plates, moments."""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import urlencode

from django import template
from django.utils import formats, timezone
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from streetmend.clock import SystemClock
from streetmend.web.look import look_of
from streetmend.web.maps.drawing import pin_shapes

register = template.Library()

#: a web address in a text: what ends a sentence after it is not of it
#: as emergency numbers and short numbers of a town are written
_NUMBER = re.compile(r"(?<![\w+])(\d{3}|\d{5}|\d{2} \d{2} \d{2} \d{2}|\d{3} \d{2} \d{3}|\d{8})(?![\w%])")
_ADDRESS = re.compile(
    r"(https?://[^\s<>\"'()\[\]{}]{1,500}?)(?=[.,;:!?]*(?:[\s<>\"'()\[\]{}]|$))", re.IGNORECASE
)

#: drawn in a square of 16, in the colour of the text
_ICONS = {
    "received": '<circle cx="8" cy="8" r="6" fill="currentColor"/>',
    "progress": '<circle cx="8" cy="8" r="5.800" fill="none" stroke="currentColor" stroke-width="2"/>'
    '<path d="M8 2.200a5.800 5.800 0 0 1 0 11.600z" fill="currentColor"/>',
    "fixed": '<path d="M2.500 8.500l3.800 4 7.200-8.500" fill="none" stroke="currentColor" stroke-width="2.600"/>',
    "closed": '<rect x="2.500" y="2.500" width="11" height="11" rx="2" fill="none" stroke="currentColor" stroke-width="2"/>'
    '<path d="M5 8h6" stroke="currentColor" stroke-width="2"/>',
    "bad": '<path d="M8 2v8M8 12.300v2.200" stroke="currentColor" stroke-width="2.800"/>',
    "locate": '<circle cx="8" cy="8" r="4.500" fill="none" stroke="currentColor" stroke-width="2"/>'
    '<path d="M8 0v4M8 12v4M0 8h4M12 8h4" stroke="currentColor" stroke-width="2"/>',
    "camera": '<path d="M1 4.500h3.500L6 2.500h4l1.500 2H15v9H1z" fill="none" stroke="currentColor" stroke-width="1.800"/>'
    '<circle cx="8" cy="8.800" r="2.600" fill="none" stroke="currentColor" stroke-width="1.800"/>',
    "globe": '<circle cx="8" cy="8" r="6.500" fill="none" stroke="currentColor" stroke-width="1.500"/>'
    '<path d="M1.500 8h13M8 1.500c-4.500 4-4.500 9 0 13M8 1.500c4.500 4 4.500 9 0 13" fill="none" stroke="currentColor"'
    ' stroke-width="1.500"/>',
    "plus": '<path d="M8 2v12M2 8h12" stroke="currentColor" stroke-width="2.200"/>',
    "minus": '<path d="M2 8h12" stroke="currentColor" stroke-width="2.200"/>',
    "north": '<path d="M8 13V3M3.500 7.500L8 3l4.500 4.500" fill="none" stroke="currentColor" stroke-width="2"/>',
    "south": '<path d="M8 3v10M3.500 8.500L8 13l4.500-4.500" fill="none" stroke="currentColor" stroke-width="2"/>',
    "west": '<path d="M13 8H3M7.500 3.500L3 8l4.500 4.500" fill="none" stroke="currentColor" stroke-width="2"/>',
    "east": '<path d="M3 8h10M8.500 3.500L13 8l-4.500 4.500" fill="none" stroke="currentColor" stroke-width="2"/>',
}


@register.filter
def unbroken(text: str) -> SafeString:
    """The text as HTML in which a word with a hyphen stays in one line: for headings on narrow screens."""
    return mark_safe(  # noqa: S308 - escaped before
        re.sub(r"\w+-\w+", r'<span class="whole">\g<0></span>', conditional_escape(text))
    )


@register.simple_tag
def icon(name: str) -> SafeString:
    """A small picture that says nothing to a screen reader."""
    return mark_safe(  # noqa: S308 - constants of this module
        f'<svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">{_ICONS[name]}</svg>'
    )


@register.simple_tag
def pins() -> SafeString:
    """The shapes of pins, once a page, for the map that can be moved."""
    return pin_shapes()


@register.simple_tag
def plate(state: str) -> SafeString:
    """A state as a plate: icon, word and border."""
    look = look_of(state)
    return format_html('<span class="plate {}">{}{}</span>', look.name, icon(look.name), look.word)


@register.simple_tag
def moment(at: datetime | None, style: str = "DATETIME") -> SafeString:
    """A moment (aware) as text in the site's zone, with the machine's form beside it."""
    if at is None:
        return mark_safe("")
    local = timezone.localtime(at)
    shown = formats.date_format(local, f"{style}_FORMAT", use_l10n=True)
    return format_html('<time datetime="{}">{}</time>', local.isoformat(timespec="seconds"), shown)


@register.simple_tag
def ago(at: datetime | None) -> SafeString:
    """How long ago a moment is, in one unit; the full date is its title."""
    if at is None:
        return mark_safe("")
    seconds = max(0, int((SystemClock().now() - at).total_seconds()))
    local = timezone.localtime(at)
    full = formats.date_format(local, "DATETIME_FORMAT", use_l10n=True)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(timespec="seconds"),
        full,
        _ago(seconds, local),
    )


def _ago(seconds: int, local: datetime) -> str:
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if minutes < 1:
        return _("just now")
    if hours < 1:
        return ngettext("%(n)d minute ago", "%(n)d minutes ago", minutes) % {"n": minutes}
    if days < 1:
        return ngettext("%(n)d hour ago", "%(n)d hours ago", hours) % {"n": hours}
    if days < 14:
        return ngettext("%(n)d day ago", "%(n)d days ago", days) % {"n": days}
    return formats.date_format(local, "DATE_FORMAT", use_l10n=True)


@register.filter
def metres(distance: float) -> str:
    """A distance for people: tens of metres, then kilometres."""
    if distance < 950:
        return _("%(n)d m") % {"n": max(10, round(distance / 10) * 10)}
    kilometres = round(distance / 1000, 1)
    return _("%(n)s km") % {"n": formats.number_format(kilometres, 0 if kilometres.is_integer() else 1)}


@register.simple_tag
def joined(words: list[str]) -> SafeString:
    """Names in a row, the last two with an "and"; each is kept apart from the text around it."""
    parts = [format_html("<b><bdi>{}</bdi></b>", word) for word in words]
    if len(parts) < 2:
        return mark_safe("".join(parts))  # noqa: S308 - escaped above
    last = _("%(first)s and %(last)s") % {"first": ", ".join(parts[:-1]), "last": parts[-1]}
    return mark_safe(last)  # noqa: S308 - the names were escaped above, the rest is ours


@register.filter
def linked(text: str) -> SafeString:
    """Words of residents and bodies; their web addresses (http and https, nothing else) are links that lend no weight."""
    parts = _ADDRESS.split(text)
    # every second part is an address
    return format_html_join(
        "",
        "{}",
        (
            (format_html('<a href="{0}" rel="nofollow ugc noopener">{0}</a>', part) if place % 2 else part,)
            for place, part in enumerate(parts)
        ),
    )


@register.filter
def dialled(text: str) -> SafeString:
    """The operator's words; numbers of three to eight digits in them can be pressed to call them."""
    parts = _NUMBER.split(text)
    return format_html_join(
        "",
        "{}",
        (
            (
                format_html('<a class="call" href="tel:{}">{}</a>', part.replace(" ", ""), part)
                if place % 2
                else part,
            )
            for place, part in enumerate(parts)
        ),
    )


@register.filter
def has_error(errors: dict[str, str] | None, name: str) -> str:
    """The error of a field, or nothing."""
    return conditional_escape(errors.get(name, "")) if errors else ""


@register.filter
def state_word(state: str) -> str:
    """What the state is called."""
    return str(look_of(state).word)


@register.filter
def state_look(state: str) -> str:
    """The class in which the state looks as it does everywhere."""
    return look_of(state).name


def _step_url(step: str, token: str) -> str:
    return f"/report/{step}?{urlencode({'draft': token})}"


@register.filter
def where_url(token: str) -> str:
    """The first step of the draft."""
    return _step_url("where", token)


@register.filter
def what_url(token: str) -> str:
    """The second step of the draft."""
    return _step_url("what", token)


@register.filter
def details_url(token: str) -> str:
    """The third step of the draft."""
    return _step_url("details", token)
