from django import template

register = template.Library()


@register.filter
def percent(value: float) -> str:
    """A proportion from 0 to 1 as whole percent."""
    return f"{100 * value:.0f} %"


@register.filter
def points(value: float) -> str:
    """A difference of two proportions in whole percentage points, with its sign."""
    whole = round(100 * value)
    sign = "+" if whole > 0 else "−" if whole < 0 else ""
    return f"{sign}{abs(whole)}"
