from django import template

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
