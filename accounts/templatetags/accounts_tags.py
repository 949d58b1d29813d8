"""What the pages before the log-in say of forgotten passwords."""

from __future__ import annotations

from django import template

from accounts.mail import can_send

register = template.Library()


@register.simple_tag
def mail_is_sent() -> bool:
    """Whether this server can send mail."""
    return can_send()
