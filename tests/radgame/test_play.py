"""`manage.py play`: one command starts all, says in a sentence what stops it, and ends cleanly."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from unittest import mock

import httpx
import psutil
import pytest
from django.core.management import CommandError, call_command

from tests.game import ROOT, free_port, started


@pytest.mark.stack
def test_a_second_start_makes_no_new_accounts_and_loads_nothing_again(tmp_path):
    with started(data_dir=tmp_path) as first:
        assert set(first.passwords) == {"trainee", "instructor", "curator"}
        cases = first.one("SELECT count(*) FROM cases_case")
        assert cases >= 60
        assert httpx.get(f"{first.address}/").url.path == "/"
    if first.database_url:
        return  # its database was made for that one start
    with started(data_dir=tmp_path) as second:
        assert not second.passwords
        assert not any("Loading" in line for line in second.lines)
        assert second.one("SELECT count(*) FROM cases_case") == cases


@pytest.mark.stack
def test_ctrl_c_stops_every_process(tmp_path):
    with started("--no-demo", data_dir=tmp_path) as game:
        family = psutil.Process(game.process.pid).children(recursive=True)
        assert len(family) >= 3
        game.process.send_signal(signal.SIGINT)
        assert game.process.wait(30) == 0
        _, alive = psutil.wait_procs(family, timeout=10)
        assert not alive


@pytest.mark.stack
def test_the_secret_key_is_kept_for_its_owner_alone(tmp_path):
    with started("--no-demo", data_dir=tmp_path):
        key = tmp_path / "secret_key"
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
        pytest.raises(CommandError, match=r"is full: 1 MB are free, 200 MB are needed\."),
    ):
        call_command("play", port=free_port())


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
        ("node_modules/.package-lock.json", "npm", r"needs Node 20"),
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
