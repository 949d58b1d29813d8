"""The Celery tasks of films made for learners. Running them twice makes nothing twice."""

from __future__ import annotations

from celery import shared_task

from attempts import clock
from learning.endless import stock


@shared_task(acks_late=False, ignore_result=True)
def make_films(asked: float | None = None) -> int:
    """Make what is wanted; how many films. What is left, the periodic job asks for again.

    `asked` is when, by `clock.stamp`: of what waited while there was no worker the newest is done.
    """
    if clock.is_late(asked, stock.EXPIRES):
        return 0
    from learning.endless import making  # with the simulator, which other workers do without

    making.step_back()
    return making.fill()


@shared_task(ignore_result=True)
def make_ct(case_id: int) -> bool:
    """Make the CT behind a case's film; whether it was made now."""
    from learning.endless import behind, making

    making.step_back()
    return behind.make(case_id)
