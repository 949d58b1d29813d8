"""Celery tasks of the project itself."""

from __future__ import annotations

from celery import shared_task

from radgame import periodic


@shared_task
def answer() -> None:
    """Note that a worker is there, and reaches the database."""
    periodic.note_done(periodic.WORKER)
