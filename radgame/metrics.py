"""Figures for Prometheus: of this web server's requests, and of the whole installation.

Counted in the web processes of one server are requests, sockets and places; what is told of
submissions, queues and parts is read from the database and the broker when it is asked for, so
that any web server tells the same.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path

from django.db.models import F
from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from attempts.models import Attempt, Result
from radgame import health
from radgame.celery import app as celery

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable by which several processes of one server count together."""
QUEUES = ("celery", "models", "films")
LAST = 100
"""Results that the times from submitting to score are taken of."""

REQUESTS = Counter("radgame_requests", "Requests answered", ["method", "page", "status"])
REQUEST_SECONDS = Histogram(
    "radgame_request_seconds",
    "From a request's head to the end of its answer",
    ["page"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
INSIDE = Gauge("radgame_requests_inside", "Requests that hold a place", multiprocess_mode="livesum")
WAITING = Gauge(
    "radgame_requests_waiting", "Requests that wait for a place", multiprocess_mode="livesum"
)
SOCKETS = Gauge("radgame_sockets", "Open WebSockets", multiprocess_mode="livesum")


class Installation(Collector):
    """What the database and the broker know."""

    def collect(self) -> Iterable[Metric]:
        parts = health.parts()
        yield from _of_parts(parts)
        if parts[0].is_well:  # the database
            yield from _of_attempts()
        yield from _of_queues()


def _of_parts(parts: list[health.Part]) -> Iterator[Metric]:
    well = GaugeMetricFamily("radgame_part_well", "1 when the part is well", labels=["part"])
    age = GaugeMetricFamily(
        "radgame_part_age_seconds",
        "Since something was heard of the part; of scoring, age of the oldest waiting submission",
        labels=["part"],
    )
    for part in parts:
        well.add_metric([part.name], float(part.is_well))
        if part.seconds is not None:
            age.add_metric([part.name], part.seconds)
    yield well
    yield age


def _of_attempts() -> Iterator[Metric]:
    waiting = Attempt.objects.filter(state=Attempt.State.SUBMITTED).count()
    yield GaugeMetricFamily("radgame_submissions_waiting", "Not scored yet", value=waiting)
    newest = Result.objects.filter(attempt__scored_at__isnull=False).order_by("-pk")
    took = newest.values_list(F("attempt__scored_at") - F("attempt__submitted_at"), flat=True)
    seconds = sorted(max(one, timedelta()).total_seconds() for one in took[:LAST] if one)
    if not seconds:
        return
    scoring = GaugeMetricFamily(
        "radgame_scoring_seconds",
        f"From submitting to the score, of the last {LAST} results",
        labels=["quantile"],
    )
    for quantile in (0.5, 0.95):
        scoring.add_metric([str(quantile)], seconds[int(quantile * (len(seconds) - 1))])
    yield scoring


def _of_queues() -> Iterator[Metric]:
    lengths = GaugeMetricFamily(
        "radgame_queue_length", "Tasks that no worker has taken", labels=["queue"]
    )
    try:
        with celery.connection_for_read(connect_timeout=health.ASK_SECONDS) as broker:
            broker.ensure_connection(max_retries=0, timeout=health.ASK_SECONDS)
            for queue in QUEUES:
                lengths.add_metric([queue], _length(broker, queue))
    except Exception:  # each kind of broker has errors of its own; it is told as a part
        return
    yield lengths


def _length(broker, queue: str) -> int:  # type: ignore[no-untyped-def]
    """Messages in the queue; 0 for one that nobody has used yet."""
    with broker.channel() as channel:
        try:
            return channel.queue_declare(queue=queue, passive=True).message_count
        except broker.channel_errors:
            return 0


def exposition() -> bytes:
    """All figures in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(Installation())
    return generate_latest(_own()) + generate_latest(registry)


def _own() -> CollectorRegistry:
    """What the processes of this server have counted; this one alone where it has no others."""
    if FOLDER not in os.environ:
        return REGISTRY
    _forget_the_dead(Path(os.environ[FOLDER]))
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)
    return registry


def _forget_the_dead(folder: Path) -> None:
    """Leave out the gauges of processes that are gone; their counts stay."""
    for path in folder.glob("gauge_live*_*.db"):
        number = int(path.stem.rpartition("_")[2])
        if not Path(f"/proc/{number}").exists():
            multiprocess.mark_process_dead(number, str(folder))
