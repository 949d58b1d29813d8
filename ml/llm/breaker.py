"""A circuit breaker: who failed several times in a row is left alone for a while."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock


class CircuitBreaker:
    """Counts failures in a row; safe among threads.

    After `failures` of them it is open for `pause` seconds: nobody should ask. Then one
    caller may try; success closes it, failure opens it again.
    """

    def __init__(
        self, failures: int = 3, pause: float = 30.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = failures
        self._pause = pause
        self._clock = clock
        self._failures = 0
        self._closed_at = 0.0
        self._lock = Lock()

    def wait(self) -> float:
        """Seconds until one may ask again; 0 means ask now, and tell how it went."""
        with self._lock:
            now = self._clock()
            if self._failures < self._most:
                return 0.0
            if now < self._closed_at:
                return self._closed_at - now
            # This caller tries; the others wait for what comes of it.
            self._closed_at = now + self._pause
            return 0.0

    def succeeded(self) -> None:
        with self._lock:
            self._failures = 0

    def failed(self) -> None:
        with self._lock:
            self._failures += 1
            if self._failures >= self._most:
                self._closed_at = self._clock() + self._pause
