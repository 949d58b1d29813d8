"""`manage.py play`: one command starts all, says in a sentence what stops it, and ends cleanly."""

from __future__ import annotations

import io
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from unittest import mock

import httpx
import psutil
import pytest
from django.core.management import CommandError, call_command

from cases import demo_set
from cases.importers.base import ImportedCase, importer_named
from cases.models import Case
from radgame.management.commands.play import NEEDED_BYTES, Command, _web
from radgame.supervisor import Child, ChildKeepsDying, restart_the_dead, stop
from tests.game import ROOT, free_port, migrated, started
from tests.library import first_game, furnished


@pytest.mark.stack
def test_the_game_is_ready_after_a_dozen_cases_and_loads_the_rest_beside_it(tmp_path):
    """The loading is killed once by force and once with the game, and goes on both times."""
    with started(data_dir=tmp_path, whole_demo=False) as first:
        assert "Loading 12 demo cases …" in first.lines
        all_cases = 12 + int(first.line(r"(\d+) more are loaded while the game runs\.")[1])
        _wait_for_cases(first, more_than=12)
        [loader] = first.processes("load_demo")
        loader.kill()
        first.line(r"Loading the demo cases ended \(exit code -9\); starting it again\.")
        _wait_for_cases(first, more_than=16)
        process = first.process
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        kept = first.rows("SELECT source_key, public_id FROM cases_case") if _on_sqlite() else []
        assert len(kept) < all_cases or not kept
    if first.database_url:
        return  # its database was made for that one start
    assert not psutil.pid_exists(loader.pid)
    with started(data_dir=tmp_path, whole_demo=False) as second:
        assert not any(line.startswith("Loading") for line in second.lines)
        assert int(second.line(r"(\d+) more are loaded")[1]) == all_cases - len(kept)
        _wait_for_cases(second, more_than=len(kept))
        now = second.rows("SELECT source_key, public_id FROM cases_case")
    assert set(kept) < set(now)
    assert len({key for key, _ in now}) == len(now)


def _on_sqlite() -> bool:
    return not os.environ.get("DATABASE_URL", "").startswith("postgres")


def _wait_for_cases(game, more_than):
    deadline = time.monotonic() + 60
    while game.one("SELECT count(*) FROM cases_case") <= more_than:
        assert time.monotonic() < deadline, game.lines
        time.sleep(0.05)


@pytest.mark.pure
@pytest.mark.parametrize(("code", "starts"), [(0, 1), (1, 2)])
def test_a_child_whose_work_is_done_is_not_started_again(code, starts):
    said = []
    child = Child("The work", [sys.executable, "-c", f"raise SystemExit({code})"], ends=True)
    child.start()
    pids = {child.process.pid}
    child.process.wait()
    restart_the_dead([child], said.append)
    pids.add(child.process.pid)
    stop([child])
    assert len(pids) == starts
    assert len(said) == starts - 1


@pytest.mark.pure
def test_work_that_never_gets_done_is_given_up(monkeypatch):
    """However long each try takes, unlike a server, which may live for days between two deaths."""
    monkeypatch.setattr("radgame.supervisor.QUICK_DEATH_SECONDS", 0)
    said = []
    child = Child("The work", [sys.executable, "-c", "raise SystemExit(3)"], ends=True)
    child.start()
    with pytest.raises(ChildKeepsDying, match=r"The work ended 5 times too early \(exit code 3\)"):
        for _ in range(5):
            child.process.wait()
            restart_the_dead([child], said.append)
    assert len(said) == 4


@pytest.mark.stack
@pytest.mark.any_database
def test_ctrl_c_stops_every_process(tmp_path):
    with started("--no-demo", data_dir=migrated(tmp_path)) as game:
        family = psutil.Process(game.process.pid).children(recursive=True)
        assert len(family) >= 3
        game.process.send_signal(signal.SIGINT)
        assert game.process.wait(30) == 0
        _, alive = psutil.wait_procs(family, timeout=10)
        assert not alive


@pytest.mark.stack
def test_a_second_start_makes_no_new_accounts_and_loads_nothing_again():
    first = first_game()
    assert set(first.passwords) == {"trainee", "instructor", "curator"}
    [told] = [line for line in first.lines if re.match(r"\d+ simulated cases loaded in", line)]
    cases = int(told.split()[0])
    assert cases >= 60
    files = Path(first.folder, "media").rglob("*")
    taken = sum(file.stat().st_size for file in files if file.is_file())
    asked = demo_set.room_for(_demo_cases())
    assert taken <= asked <= 1.3 * taken, "the room asked for is not what the set takes"
    with furnished() as second:
        printed = "\n".join(second.lines)
        assert "Accounts" not in printed
        assert "Loading" not in printed
        assert second.one("SELECT count(*) FROM cases_case") == cases
        assert httpx.get(f"{second.address}/").url.path == "/"


@pytest.mark.stack
@pytest.mark.any_database
def test_the_secret_key_is_kept_for_its_owner_alone():
    key = Path(first_game().folder, "secret_key")
    assert len(key.read_text()) >= 32
    assert key.stat().st_mode & 0o077 == 0


@pytest.mark.pure
def test_a_port_in_use_is_one_clear_sentence(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        environment = {**os.environ, "DATA_DIR": str(tmp_path)}
        result = subprocess.run(
            [sys.executable, "manage.py", "play", "--port", str(port)],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
        )
    assert result.returncode != 0
    assert f"Port {port} on 127.0.0.1 cannot be used" in result.stderr
    assert "--port" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.pure
def test_a_full_disk_is_one_clear_sentence():
    nearly_full = mock.Mock(free=1_000_000)
    with (
        mock.patch("shutil.disk_usage", return_value=nearly_full),
        pytest.raises(CommandError, match=r"is full: 1 MB are free, 50 MB are needed\."),
    ):
        call_command("play", port=free_port())


@pytest.mark.django_db
def test_a_disk_without_room_for_the_demo_cases_is_one_clear_sentence():
    command = Command(stdout=io.StringIO())
    wanted = (NEEDED_BYTES + demo_set.room_for(_demo_cases())) // 1_000_000
    sentence = rf"60 MB are free, {wanted} MB are needed for all demo cases; --no-demo starts"
    with (
        mock.patch("shutil.disk_usage", return_value=mock.Mock(free=60_000_000)),
        pytest.raises(CommandError, match=sentence),
    ):
        command.load_demo(whole=False)
    assert not Case.objects.exists()


def _demo_cases() -> list[ImportedCase]:
    items = importer_named("simulated").read(demo_set.FOLDER, (demo_set.FOLDER,))
    return [item for item in items if isinstance(item, ImportedCase)]


@pytest.mark.pure
def test_a_front_end_that_is_not_built_is_one_clear_sentence(settings, tmp_path):
    settings.BASE_DIR = tmp_path
    with pytest.raises(CommandError, match="run `make build`"):
        call_command("play", port=free_port())


@pytest.mark.pure
@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("DATA_DIR", "/proc/data", "The folder /proc/data (DATA_DIR) cannot be made"),
        ("PORT", "abc", "PORT is 'abc'; use a whole number."),
        ("MEDIA_STORAGE", "tape", "MEDIA_STORAGE is 'tape'; use 'file' or 's3'."),
        ("MEDIA_STORAGE", "s3", "name the bucket in S3_BUCKET"),
        (
            "HAND_FILES_TO",
            "apache",
            "HAND_FILES_TO is 'apache'; use 'none' or 'accel' or 'sendfile'.",
        ),
    ],
)
def test_a_variable_that_cannot_be_used_is_one_clear_sentence(tmp_path, variable, value, sentence):
    environment = {**os.environ, "DATA_DIR": str(tmp_path), variable: value}
    result = subprocess.run(
        [sys.executable, "manage.py", "play"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert result.returncode != 0
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.pure
@pytest.mark.parametrize(
    ("target", "tool", "sentence"),
    [
        ("node_modules/.package-lock.json", "npm", r"needs npm"),
        (".venv/bin/python", "python3.11", r"needs Python 3\.11"),
    ],
)
def test_make_says_which_program_is_missing(tmp_path, target, tool, sentence):
    for name in ("Makefile", "package.json", "package-lock.json"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "bash", "find", "touch", "make"):
        (tools / name).symlink_to(_path_of(name))
    result = subprocess.run(
        [str(tools / "make"), target],
        cwd=tmp_path,
        env={"PATH": str(tools), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert result.returncode != 0
    assert re.search(sentence, result.stdout + result.stderr), (tool, result)


def _path_of(name: str) -> str:
    for folder in ("/usr/bin", "/bin"):
        if os.path.exists(f"{folder}/{name}"):  # noqa: PTH110
            return f"{folder}/{name}"
    raise AssertionError(f"{name} is not on this machine")


@pytest.mark.pure
@pytest.mark.parametrize("count", ["0", "-1", "65", "two"])
def test_a_wrong_number_of_web_processes_is_told_in_a_sentence(count):
    with pytest.raises(CommandError, match=f"'{count}' is no number from 1 to 64"):
        call_command("play", f"--web={count}")


@pytest.mark.pure
def test_web_processes_share_one_port():
    child = _web("127.0.0.1", 8000, 3)
    assert child.command[-6:] == ["--host", "127.0.0.1", "--port", "8000", "--workers", "3"]
