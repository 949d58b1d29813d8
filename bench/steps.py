"""`python -m bench load --by-step`: what each kind of request of a submission costs the processors.

A few learners go in step: all ask for their next case, then all open its page, and so on, a few at
a time. Between two steps the game comes to rest, and what its processes have taken meanwhile is
what the step took: the server's reading of HTTP, threads, Redis and Celery are in it.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bench.learner import Learner, Line, Tally, own_line

AT_ONCE = 4
REST_SECONDS = 0.4
WARM = 2
"""Cases of each learner that are not counted, one of each game: what is loaded late is loaded."""

Used = dict[str, float]


class Steps:
    """Lets all learners do the same step, and notes by step what `read` says was taken for it."""

    def __init__(self, learners: int, read: Callable[[], Used]) -> None:
        self.learners, self.read = learners, read
        self.taken: dict[str, Used] = defaultdict(lambda: defaultdict(float))
        self.counts: Counter[str] = Counter()
        self.barrier = asyncio.Barrier(learners)
        self.few = asyncio.Semaphore(AT_ONCE)
        self.before: Used = {}
        self.is_counted = False

    @asynccontextmanager
    async def one(self, name: str) -> AsyncIterator[None]:
        """Begin once all are here and the game is at rest; end once all have done it."""
        if await self.barrier.wait() == 0:
            self.before = await self._at_rest()
        await self.barrier.wait()
        async with self.few:
            yield
        if await self.barrier.wait() == 0:
            after = await self._at_rest()
            if self.is_counted:
                self.counts[name] += self.learners
                for part, seconds in after.items():
                    self.taken[name][part] += seconds - self.before.get(part, 0)
        await self.barrier.wait()

    async def _at_rest(self) -> Used:
        """What was taken until now, once hardly anything is taken any more."""
        used = await asyncio.to_thread(self.read)
        while True:
            begun = time.monotonic()
            await asyncio.sleep(REST_SECONDS)
            now = await asyncio.to_thread(self.read)
            if sum(now.values()) - sum(used.values()) < 0.1 * (time.monotonic() - begun):
                return now
            used = now

    def table(self, submissions: int) -> str:
        """In Markdown, for one submission: milliseconds by step and part of the game, and the sums;
        parts that took next to nothing are left out.
        """
        sums: Used = defaultdict(float)
        for used in self.taken.values():
            for part, seconds in used.items():
                sums[part] += seconds
        parts = [part for part, seconds in sums.items() if 1000 * seconds / submissions >= 0.05]
        rows = [
            "| step | times | " + " | ".join(f"{part} ms" for part in parts) + " | all ms |",
            "| --- |" + " ---: |" * (len(parts) + 2),
        ]
        for name, used in [*self.taken.items(), ("all", sums)]:
            ms = [1000 * used.get(part, 0) / submissions for part in parts]
            times = f"{self.counts[name] / submissions:g}" if name in self.counts else ""
            cells = [name, times, *(f"{one:.1f}" for one in [*ms, sum(ms)])]
            rows.append("| " + " | ".join(cells) + " |")
        return "\n".join(rows)


class InStep(Learner):
    """A learner who does each step with all others, and thinks of nothing between."""

    steps: Steps

    @asynccontextmanager
    async def _step(self, name: str) -> AsyncIterator[None]:
        async with self.steps.one(name):
            yield

    async def _pause(self) -> None:
        return


async def played(address: str, sessions: list[str], cases: int, read: Callable[[], Used]) -> Steps:
    """So many cases of every learner. Raises an exception group of whatever goes wrong."""
    steps, tally = Steps(len(sessions), read), Tally()

    async def play(number: int) -> None:
        async with own_line() as transport:
            line = Line(transport, address, tally)
            learner = InStep(line, sessions[number], 1, number, films=False)
            learner.steps = steps
            for case in range(WARM + cases):
                steps.is_counted = case >= WARM
                await learner.play_one(("localize", "report")[(number + case) % 2])

    async with asyncio.TaskGroup() as group:
        for number in range(len(sessions)):
            group.create_task(play(number))
    return steps
