from django import template

from localize.wording import OUTCOME_WORDS

register = template.Library()

SIGNS = {
    "hit": "✓",
    "missed": "◌",
    "poorly_located": "⤢",
    "wrong_label": "⇄",
    "duplicate": "✓",
    "false": "✕",
}


@register.filter
def sign(outcome: str) -> str:
    """An outcome's sign, so that it is never told by color alone."""
    return SIGNS.get(outcome, "")


@register.filter
def outcome_name(outcome: str) -> str:
    """An outcome in words."""
    return OUTCOME_WORDS.get(outcome, outcome)
