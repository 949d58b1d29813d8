"""Times and figures of classes, in words.

Figures are written here and not in templates: a page of a large class has thousands of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from urllib.parse import quote

from django import template
from django.contrib.humanize.templatetags.humanize import naturaltime
from django.urls import reverse
from django.utils import timezone
from django.utils.dateformat import format as in_words
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from classroom.figures import Cell, LabelRow, LearnerRow
from classroom.models import Cohort, Membership
from ml.psychometrics import Interval

register = template.Library()


@register.simple_tag
def when(time: datetime | None, cohort: Cohort) -> SafeString | str:
    """A time in the time zone of the class, which is named: learners may be elsewhere."""
    if time is None:
        return ""
    local = timezone.localtime(time, cohort.zone)
    return format_html(
        '<time datetime="{}" title="{}">{} <span class="quiet small">{}</span></time>',
        time.isoformat(),
        naturaltime(time),
        in_words(local, "D j M Y, H:i"),
        cohort.time_zone.replace("_", " "),
    )


NOTHING = mark_safe('<span class="quiet">–</span>')  # no words of anybody


def _between(value: str, low: str, high: str) -> SafeString:
    words = '<span class="interval">{} <span class="quiet small">({} to {})</span></span>'
    return format_html(words, value, low, high)


@register.simple_tag
def share(interval: Interval | None) -> SafeString:
    """A proportion with its limits, in percent."""
    if interval is None:
        return NOTHING
    value, low, high = (f"{100 * x:.0f} %" for x in (interval.value, interval.low, interval.high))
    return _between(value, low, high)


@register.simple_tag
def figure(interval: Interval | None) -> SafeString:
    """A figure that is no proportion with its limits, to two digits."""
    if interval is None:
        return NOTHING
    value, low, high = (f"{x:.2f}" for x in (interval.value, interval.low, interval.high))
    return _between(value, low, high)


@register.simple_tag
def address_of(membership: Membership, cohort: Cohort) -> str:
    """The page of a learner. Found once for a class: `reverse` is slow beside what follows."""
    return _addresses(cohort.public_id).replace(ANYBODY, membership.code)


ANYBODY = "anybody-0"


@lru_cache
def _addresses(cohort_id: str) -> str:
    return reverse("classroom:learner", args=[cohort_id, ANYBODY])


@register.simple_tag
def learner_cells(row: LearnerRow) -> SafeString:
    """What a learner's row of the dashboard says after the name."""
    sums, last = row.sums, row.last
    return format_html(
        '<td class="number">{}</td><td>{}</td><td class="number">{}</td>'
        '<td class="number">{}</td><td>{}</td>',
        sums.cases,
        share(sums.sensitivity),
        sums.overcalls,
        "–" if sums.minutes is None else f"{sums.minutes:.1f}",
        in_words(timezone.localtime(last), "j M Y") if last else "never",
    )


@register.simple_tag
def heat_cells(address: str, columns: Sequence[LabelRow], cells: Iterable[Cell], asked: str) -> str:
    """The cells of a row of the matrix: what was found in percent, small how many were shown; a
    link to the attempts behind each. `asked` is the query of the page.
    """
    kept = f"{escape(asked)}&amp;" if asked else ""
    found = (
        _cell(one, f"{address}?{kept}label={label}#attempts") if one.truths else NO_CELL
        for label, one in zip([quote(row.label) for row in columns], cells, strict=True)
    )
    return mark_safe("".join(found))  # noqa: S308  # numbers, and what is escaped or quoted


NO_CELL = '<td class="few">–</td>'


def _cell(cell: Cell, address: str) -> str:
    kind = f"heat-{cell.band}" if cell.band else "few"
    words = f"{cell.percent} <small>{cell.truths}</small>"
    return f'<td class="{kind}"><a href="{address}">{words}</a></td>'
