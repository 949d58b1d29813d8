"""Whom a page asks for anything: its own server, and nobody else."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import Page

INSIDE = {"data", "blob", "about"}
"""Schemes that leave the browser for nowhere."""


def asked_by(page: Page) -> list[str]:
    """The addresses of all requests and WebSockets of a page from now on, as they come."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: asked.append(socket.url))
    return asked


def off_origin(asked: list[str]) -> list[str]:
    """Those that lead to another server than the first of them did."""
    outside = [url for url in asked if urlsplit(url).scheme not in INSIDE]
    return [url for url in outside if urlsplit(url).netloc != urlsplit(outside[0]).netloc]
