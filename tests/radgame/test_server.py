"""The web server by itself: what comes in before anybody has logged in, and how much at a time."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
import redis

from radgame import door
from radgame.embedded import embedded_redis
from tests.game import NOT_INHERITED, ROOT, database_of_its_own, free_port, migrated

pytestmark = pytest.mark.pure  # of the test database: each server has its own
BEGIN = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "radgame.settings"
import django
django.setup()
from radgame import door, server
{changes}
server.serve(host="127.0.0.1", port=int(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def redis_of_these() -> Iterator[str]:
    with embedded_redis() as (url, _):
        yield url


@pytest.fixture
def emptied(redis_of_these) -> str:
    """The address of a Redis in which nobody has been counted yet."""
    with redis.Redis.from_url(redis_of_these) as client:
        client.flushall()
    return redis_of_these


@pytest.fixture
def serve(tmp_path, emptied) -> Iterator:
    """Starts a web server on an empty database; its limits may be changed by lines of code.

    With `arguments` it is `manage.py web`, with these.
    """
    processes = []

    def start(changes: str = "", arguments: tuple[str, ...] | None = None, **variables: str) -> str:
        inherited = {k: v for k, v in os.environ.items() if k not in NOT_INHERITED}
        own = {"DATA_DIR": str(migrated(tmp_path)), "REDIS_URL": emptied}
        environment = {**inherited, **own, **variables}
        if "DATABASE_URL" in variables:
            migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
            subprocess.run(migrate, cwd=ROOT, env=environment, check=True)
        port = free_port()
        program = [sys.executable, "-c", BEGIN.format(changes=changes), str(port)]
        if arguments is not None:
            program = [sys.executable, "manage.py", "web", "--port", str(port), *arguments]
        log = (tmp_path / "log").open("w")
        processes.append(
            subprocess.Popen(program, cwd=ROOT, env=environment, stdout=log, stderr=log)
        )
        address = f"http://127.0.0.1:{port}"
        wait_for(lambda: answers(address), tmp_path / "log")
        return address

    start.processes = processes
    yield start
    for process in processes:
        process.terminate()
    for process in processes:
        process.wait(30)


def answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/healthz", timeout=60).status_code == 200
    except httpx.TransportError:
        return False


def wait_for(what: Callable[[], object], log: Path, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)


def connected(address: str) -> socket.socket:
    host, port = address.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=30)


def test_a_large_body_is_refused_before_it_is_read(serve):
    address = serve()
    with connected(address) as line:
        line.sendall(
            b"POST /account/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 300000000\r\n\r\n"
        )
        assert line.recv(4096).startswith(b"HTTP/1.1 413 ")


def test_a_large_body_that_announces_no_length_is_cut_off(serve):
    def pieces():
        for _ in range(300):
            yield b"x" * 100_000

    try:
        answer = httpx.post(f"{serve()}/account/login/", content=pieces())
    except httpx.WriteError:
        return  # closed while it was still sending
    assert answer.status_code == 413


def test_connections_on_which_no_head_comes_are_closed(serve):
    address = serve("server.HEAD_SECONDS = 1")
    silent, slow = connected(address), connected(address)
    slow.sendall(b"GET /healthz HTTP/1.1\r\nHost: local")
    begun = time.monotonic()
    for line in (silent, slow):
        with contextlib.suppress(ConnectionResetError):
            assert line.recv(100) == b""
    assert time.monotonic() - begun < 10


def test_bytes_that_trickle_in_do_not_put_off_the_end(serve):
    address = serve("server.HEAD_SECONDS = 2")
    with connected(address) as line, pytest.raises(ConnectionError):
        for letter in b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 200:
            line.sendall(bytes([letter]))
            time.sleep(0.1)


def test_a_body_that_does_not_come_holds_up_nobody(serve):
    address = serve("door.BODY_SECONDS = 5", WEB_THREADS="2")
    head = b"POST /account/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n"
    waiting = [connected(address) for _ in range(8)]
    for line in waiting:
        line.sendall(head)
    assert httpx.get(f"{address}/account/login/", timeout=60).status_code == 200
    for line in waiting:
        assert line.recv(4096).startswith(b"HTTP/1.1 408 ")
        line.close()


def test_who_reads_slowly_holds_up_nobody(serve):
    address = serve(WEB_THREADS="2")
    script = re.search(
        r'src="(/static/[^"]*htmx[^"]*)"', httpx.get(address + "/account/login/").text
    )
    assert script is not None
    request = f"GET {script[1]} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    readers = [connected(address) for _ in range(8)]
    for line in readers:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        line.sendall(request * 20)
    assert httpx.get(f"{address}/account/login/", timeout=60).status_code == 200
    for line in readers:
        line.close()


SLOW_PAGES = """
import time
from django.template.response import TemplateResponse
at_once = TemplateResponse.render
TemplateResponse.render = lambda self: (time.sleep(0.2), at_once(self))[1]
"""


def test_a_burst_is_served_or_told_to_come_again(serve):
    address = serve("door.MOST_WAITING = 10" + SLOW_PAGES, WEB_THREADS="2")

    def asked(_: int) -> httpx.Response:
        return httpx.get(f"{address}/account/login/", timeout=60)

    with ThreadPoolExecutor(60) as pool:
        answers = list(pool.map(asked, range(60)))
    statuses = {answer.status_code for answer in answers}
    assert statuses == {200, 503}
    sent_away = [answer for answer in answers if answer.status_code == 503]
    assert {answer.headers["Retry-After"] for answer in sent_away} == {str(door.RETRY_SECONDS)}
    assert 'http-equiv="refresh"' in sent_away[0].text
    assert asked(0).status_code == 200


@pytest.mark.postgresql
@pytest.mark.skipif(
    not os.environ.get("DATABASE_URL", "").startswith("postgres"), reason="SQLite has no server"
)
def test_a_burst_takes_no_more_connections_than_the_pool_has(serve):
    """Each request had one of its own, and PostgreSQL refuses beyond its `max_connections`."""
    import psycopg

    with database_of_its_own() as url:
        address = serve(DATABASE_URL=url, DATABASE_POOL="3")
        count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        with psycopg.connect(url, autocommit=True) as beside, ThreadPoolExecutor(60) as pool:
            asked = [pool.submit(log_in, address, "nobody") for _ in range(30)]
            most = 0
            while not all(one.done() for one in asked):
                most = max(most, beside.execute(count).fetchone()[0] - 1)
                time.sleep(0.05)
        assert 1 <= most <= 3
        assert {one.result() for one in asked} <= {200, 429, 503}


@pytest.mark.parametrize(
    ("variables", "believed"),
    [
        ({}, False),
        ({"BEHIND_PROXY": "true"}, True),
        ({"TRUSTED_PROXIES": "10.0.0.1"}, False),
        ({"TRUSTED_PROXIES": "127.0.0.0/8"}, True),
    ],
)
def test_a_forwarded_address_is_believed_of_named_proxies_alone(serve, variables, believed):
    address = serve(LOGIN_FAILURE_LIMIT="2", **variables)
    statuses = [
        log_in(address, "nobody", headers={"X-Forwarded-For": f"10.1.1.{number}"})
        for number in range(4)
    ]
    assert (429 in statuses) != believed, statuses


def log_in(address: str, name: str, **more) -> int:
    with httpx.Client(base_url=address, timeout=120) as client:
        client.get("/account/login/")
        form = {"username": name, "password": "wrong"}
        form["csrfmiddlewaretoken"] = client.cookies["csrftoken"]
        return client.post("/account/login/", data=form, **more).status_code


def figure(address: str, name: str) -> float:
    headers = {"Authorization": "Bearer a token"}
    text = httpx.get(f"{address}/metrics", headers=headers, timeout=60).text
    found = re.findall(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    return float(found[0]) if found else 0.0


def test_each_request_has_a_number_that_its_lines_in_the_log_have_too(serve, tmp_path):
    address = serve(LOG_FORMAT="json", LOG_LEVEL="INFO")
    answer = httpx.get(f"{address}/account/forgotten/MQ/a-secret-token/?who=me@example.org")
    assert answer.status_code == 404
    number = answer.headers["X-Request-ID"]

    def watched() -> list[dict]:
        *whole, _ = (tmp_path / "log").read_text().split("\n")  # the last may be half written
        own = [line for line in map(json.loads, whole) if line.get("request") == number]
        return [line for line in own if line["logger"] == "radgame.watch"]

    wait_for(watched, tmp_path / "log")  # it is written after the answer was sent
    [answered] = watched()
    assert answered["page"] == "accounts:new_password" and answered["status"] == 404
    assert answered["method"] == "GET" and answered["ms"] >= 0
    log = (tmp_path / "log").read_text()
    assert "a-secret-token" not in log and "me@example.org" not in log


def test_a_number_that_is_sent_along_is_not_believed(serve):
    sent = {"X-Request-ID": "mine"}
    numbers = {
        httpx.get(f"{address}/healthz", headers=sent).headers["X-Request-ID"]
        for address in [serve()]
        for _ in range(2)
    }
    assert len(numbers) == 2 and "mine" not in numbers


def test_processes_of_one_server_count_together(serve, tmp_path):
    """Each answers a part of the requests, and any of them is asked for the figures."""
    address = serve(arguments=("--workers", "2"), METRICS_TOKEN="a token")
    name = 'radgame_requests_total{method="GET",page="alive",status="200"}'
    before = figure(address, name)
    for _ in range(20):
        httpx.get(f"{address}/healthz", timeout=60)
    wait_for(lambda: figure(address, name) - before >= 20, tmp_path / "log")
    assert [figure(address, name) - before for _ in range(6)] == [20] * 6
    assert figure(address, "radgame_requests_inside") == 1, "that of the figures themselves"


def test_told_to_stop_it_answers_what_is_under_way_and_takes_nothing_new(serve, tmp_path):
    address = serve(arguments=())
    with connected(address) as line:
        line.sendall(
            b"POST /account/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n12345"
        )
        wait_for(lambda: httpx.get(f"{address}/healthz").status_code == 200, tmp_path / "log")
        serve.processes[0].terminate()
        wait_for(lambda: not answers(address), tmp_path / "log")
        line.sendall(b"67890")
        assert line.recv(4096).startswith(b"HTTP/1.1 403 "), "no CSRF token, but an answer"
    assert serve.processes[0].wait(30) == -signal.SIGTERM, "as it was told, not killed"


FILL = """
import threading, time
from pathlib import Path
from django.conf import settings

def fill():
    "Fills the disk of the data folder, and frees it, when files beside it say so."
    filling = None
    while True:
        time.sleep(0.1)
        if Path("{outside}/fill").exists() and filling is None:
            filling = (settings.DATA_DIR / "filling").open("wb", buffering=0)
            try:
                while True:
                    filling.write(bytes(4096))
            except OSError:
                Path("{outside}/full").touch()
        if Path("{outside}/free").exists() and filling is not None:
            (settings.DATA_DIR / "filling").unlink(missing_ok=True)
            filling.close()
            return

threading.Thread(target=fill, daemon=True).start()
"""


def may_mount() -> bool:
    command = ["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    return shutil.which("unshare") is not None and not subprocess.call(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


@pytest.fixture
def small_disk(tmp_path, emptied):
    """A web server whose data folder is a disk of its own, of 60 MB; what it logs is outside."""
    if not may_mount():
        pytest.skip("a disk of one's own cannot be mounted here")
    inside, outside = tmp_path / "disk", tmp_path
    inside.mkdir()
    port = free_port()
    program = BEGIN.format(changes=FILL.format(outside=outside))
    (outside / "program.py").write_text(program)
    prepare = (
        f"mount -t tmpfs -o size=60M tmpfs {inside} && "
        f"cp {migrated(outside / 'empty') / 'radgame.sqlite3'} {inside} && "
        f"{sys.executable} manage.py shell --no-imports -c '{ONE_TRAINEE}' && "
        f"PYTHONPATH={ROOT} exec {sys.executable} {outside}/program.py {port}"
    )
    inherited = {k: v for k, v in os.environ.items() if k not in NOT_INHERITED}
    log = (outside / "log").open("w")
    process = subprocess.Popen(
        ["unshare", "-rm", "sh", "-c", prepare],
        cwd=ROOT,
        env={**inherited, "DATA_DIR": str(inside), "REDIS_URL": emptied},
        stdout=log,
        stderr=log,
    )
    wait_for(lambda: answers(f"http://127.0.0.1:{port}"), outside / "log")
    yield f"http://127.0.0.1:{port}", outside
    process.terminate()
    process.wait(30)


ONE_TRAINEE = (
    'from accounts.models import User; User.objects.create_user("learner", password="right");'
    "from radgame import reserve; reserve.PLENTY_BYTES = 1; reserve.keep()"
)


def test_a_full_disk_leaves_reading_and_logging_in_and_a_short_log(small_disk):
    address, outside = small_disk
    with (
        httpx.Client(base_url=address, timeout=60) as before,
        httpx.Client(base_url=address, timeout=60) as after,
    ):
        assert log_in_with(before, "learner", "right") == 302
        (outside / "fill").touch()
        wait_for((outside / "full").exists, outside / "log")
        written = (outside / "log").stat().st_size
        reads = [before.get("/home/").status_code for _ in range(50)]
        tries = [log_in_with(after, "learner", "right") for _ in range(3)]
        assert set(reads) == {200}
        assert 302 in tries and set(tries) <= {302, 503}, tries
        assert httpx.get(f"{address}/healthz", timeout=60).status_code == 200
        assert (outside / "log").stat().st_size - written < 50_000
        (outside / "free").touch()
        wait_for(lambda: before.get("/progress/").status_code == 200, outside / "log")


def log_in_with(client: httpx.Client, name: str, password: str) -> int:
    client.cookies.delete("sessionid") if "sessionid" in client.cookies else None
    client.get("/account/login/")
    form = {"username": name, "password": password}
    form["csrfmiddlewaretoken"] = client.cookies.get("csrftoken", "")
    return client.post("/account/login/", data=form).status_code
