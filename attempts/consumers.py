"""The WebSocket that tells an attempt's page when its state changes."""

from __future__ import annotations

from typing import Any

from channels.auth import get_user
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer

from attempts import sockets
from attempts.queries import attempt_for, state_of


class AttemptConsumer(AsyncJsonWebsocketConsumer):
    """Sends ``{"state"}``: once on connecting, then at every change. Owner only.

    What other apps have to tell of an attempt comes here as well (`attempt_told`). The page has
    nothing to say: whatever it sends closes the socket.
    """

    joined: tuple[str, ...] = ()
    counted: int | None = None

    async def __call__(self, *args: Any, **kwargs: Any) -> None:
        try:
            await super().__call__(*args, **kwargs)
        finally:  # a page that went away amid the handshake is never told of by `disconnect`
            await self._give_back()

    async def connect(self) -> None:
        user = self.scope["user"]
        public_id = self.scope["url_route"]["kwargs"]["attempt_id"]
        attempt = await self._attempt(user, public_id)
        if attempt is None:
            await self.close(code=sockets.NO_SUCH)
            return
        if sockets.of_learner[user.pk] >= sockets.MOST_OF_LEARNER:
            await self.close(code=sockets.TOO_MANY)
            return
        self.counted = user.pk
        sockets.of_learner[user.pk] += 1
        self.joined = (attempt.group, sockets.group_of(self.scope["session"].session_key))
        for group in self.joined:
            await self.channel_layer.group_add(group, self.channel_name)
        await self.accept()
        # Read again after joining: a change between the two reads is told either way.
        await self.send_json({"state": await self._state(attempt)})

    async def disconnect(self, code: int) -> None:
        await self._give_back()

    async def _give_back(self) -> None:
        """Its place among the learner's, and its groups; again changes nothing."""
        if self.counted is not None:
            sockets.of_learner[self.counted] -= 1
            if not sockets.of_learner[self.counted]:
                del sockets.of_learner[self.counted]
            self.counted = None
        joined, self.joined = self.joined, ()
        for group in joined:
            await self.channel_layer.group_discard(group, self.channel_name)

    async def receive(self, *args: object, **kwargs: object) -> None:
        await self.close(code=sockets.NOT_A_WORD)

    async def attempt_state(self, event: dict[str, str]) -> None:
        await self._tell({"state": event["state"]})

    async def attempt_told(self, event: dict[str, Any]) -> None:
        """Pass on ``told`` of a message ``{"type": "attempt.told", "told": {…}}``."""
        await self._tell(event["told"])

    async def session_ended(self, event: dict[str, str]) -> None:
        await self.close(code=sockets.LOGGED_OUT)

    async def _tell(self, told: dict[str, Any]) -> None:
        """Tell the page, if whoever opened it is still logged in: the password may be another."""
        user = await get_user(self.scope)
        if user.is_authenticated:
            await self.send_json(told)
        else:
            await self.close(code=sockets.LOGGED_OUT)

    @database_sync_to_async
    def _state(self, attempt):
        """As it is now; as it was, where the attempt is deleted just now."""
        return next((state for (state,) in state_of(attempt.pk)), attempt.state)

    @database_sync_to_async
    def _attempt(self, user, public_id):
        return attempt_for(user, public_id) if user.is_authenticated else None
