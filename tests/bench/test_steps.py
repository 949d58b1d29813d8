"""What a step took is what was used between its beginning and its end, for one submission."""

from __future__ import annotations

import asyncio

import pytest

from bench import steps

pytestmark = pytest.mark.pure


def test_each_step_is_counted_apart_and_only_while_it_is_asked_for(monkeypatch):
    monkeypatch.setattr(steps, "REST_SECONDS", 0.01)
    used = {"web": 0.0, "celery": 0.0}
    costs = {"page": ("web", 0.25), "submit": ("celery", 0.5)}

    async def learner(together):
        for counted in (False, True):
            together.is_counted = counted
            for name in ("page", "page", "submit"):
                async with together.one(name):
                    part, seconds = costs[name]
                    used[part] += seconds

    async def all_of(count):
        together = steps.Steps(count, lambda: dict(used))
        await asyncio.gather(*(learner(together) for _ in range(count)))
        return together

    together = asyncio.run(all_of(3))
    assert used == {"web": 3.0, "celery": 3.0}
    assert together.table(3).splitlines() == [
        "| step | times | web ms | celery ms | all ms |",
        "| --- | ---: | ---: | ---: | ---: |",
        "| page | 2 | 500.0 | 0.0 | 500.0 |",
        "| submit | 1 | 0.0 | 500.0 | 500.0 |",
        "| all |  | 500.0 | 500.0 | 1000.0 |",
    ]
