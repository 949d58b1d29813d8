"""Telling channel groups something from code that is no coroutine.

`async_to_sync` makes an event loop each time, and with it a connection to Redis: ten times the work
of the message itself, while a learner waits for it. Here one loop with its connection stays for the
whole process.
"""

from __future__ import annotations

import asyncio
import os
import threading
from functools import cache
from typing import Any

from channels.layers import get_channel_layer

PATIENCE_SECONDS = 5


def tell_group(group: str, message: dict[str, Any]) -> None:
    """Send a message to all sockets of a group.

    Raises whatever the channel layer raises, TimeoutError where it does not answer.
    """
    sending = get_channel_layer().group_send(group, message)
    asyncio.run_coroutine_threadsafe(sending, _loop(os.getpid())).result(PATIENCE_SECONDS)


@cache
def _loop(process: int) -> asyncio.AbstractEventLoop:
    """The loop of this process: a fork has the object of its parent's, and not its thread."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name=f"telling-{process}", daemon=True).start()
    return loop
