"""ASGI: HTTP by Django, WebSockets by Channels for pages of this host only."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "radgame.settings")

import django

django.setup(set_prefix=False)

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402
from django.conf import settings  # noqa: E402
from django.urls import re_path  # noqa: E402

from attempts.routing import websocket_urlpatterns  # noqa: E402
from radgame.door import Door  # noqa: E402
from radgame.handler import SteadyHandler  # noqa: E402
from radgame.lifespan import lifespan  # noqa: E402
from radgame.watch import Watched  # noqa: E402


async def nowhere(scope, receive, send):
    """Close a WebSocket to an address that does not exist, without a word in the log."""
    await receive()
    await send({"type": "websocket.close", "code": 4404})


application = ProtocolTypeRouter(
    {
        "lifespan": lifespan,
        "http": Watched(Door(SteadyHandler(settings.WEB_THREADS), settings.WEB_THREADS)),
        "websocket": Watched(
            AllowedHostsOriginValidator(
                AuthMiddlewareStack(URLRouter([*websocket_urlpatterns, re_path("", nowhere)]))
            )
        ),
    }
)
