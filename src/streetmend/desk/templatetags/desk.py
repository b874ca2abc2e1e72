"""What templates of the desk can say besides the site's own."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from streetmend.desk.acting import standing

register = template.Library()


@register.simple_tag
def sending_trouble() -> SafeString:
    """That nothing leaves, where nothing does."""
    now = standing()
    if now["blocked"]:
        words, more = _("Nothing leaves this site."), now["blocked"].why
    elif now["silent"]:
        words, more = _("Sending is not running."), ""
    else:
        return mark_safe("")
    return format_html('<ul class="messagelist"><li class="error">{} {}</li></ul>', words, more)
