from django import template

register = template.Library()


@register.filter
def percent(value: float) -> str:
    """A proportion from 0 to 1 as whole percent."""
    return f"{100 * value:.0f} %"
