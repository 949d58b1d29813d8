"""The WebSocket that tells an attempt's page when its state changes."""

from __future__ import annotations

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer

from feedback.queries import attempt_for


class AttemptConsumer(AsyncJsonWebsocketConsumer):
    """Sends ``{"state"}``: once on connecting, then at every change. Owner only.

    Also ``{"explanation": {"row", "state", "text", …}}`` while a model writes one; see
    `feedback.explanations.write`.
    """

    group: str | None = None

    async def connect(self) -> None:
        user = self.scope["user"]
        public_id = self.scope["url_route"]["kwargs"]["attempt_id"]
        attempt = await self._attempt(user, public_id)
        if attempt is None:
            await self.close(code=4404)
            return
        self.group = attempt.group
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()
        # Read again after joining: a change between the two reads is told either way.
        attempt = await self._attempt(user, public_id)
        await self.send_json({"state": attempt.state})

    async def disconnect(self, code: int) -> None:
        if self.group:
            await self.channel_layer.group_discard(self.group, self.channel_name)

    async def attempt_state(self, event: dict[str, str]) -> None:
        await self.send_json({"state": event["state"]})

    async def attempt_explanation(self, event: dict[str, str]) -> None:
        await self.send_json({"explanation": event["explanation"]})

    async def receive_json(self, content: object, **kwargs: object) -> None:
        """The page has nothing to say here."""

    @database_sync_to_async
    def _attempt(self, user, public_id):
        return attempt_for(user, public_id) if user.is_authenticated else None
