"""The Celery task of films made for learners. Running it twice makes nothing twice."""

from __future__ import annotations

from celery import shared_task


@shared_task(acks_late=False, ignore_result=True)
def make_films() -> int:
    """Make what is wanted; how many films. What is left, the periodic job asks for again."""
    from learning.endless import making  # with the simulator, which other workers do without

    making.step_back()
    return making.fill()
