"""A backup of a running game, put into an empty place, is the same game and is played on."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.game import NOT_INHERITED, ROOT, Game, database_of_its_own, started
from tests.library import furnished
from tests.stack.test_real_worker import Play

pytestmark = pytest.mark.stack


def restored(backup: Path, data_dir: Path, database_url: str) -> str:
    variables = {k: v for k, v in os.environ.items() if k not in NOT_INHERITED}
    variables |= {"DATA_DIR": str(data_dir), "DATABASE_URL": database_url}
    command = [sys.executable, "manage.py", "restore", str(backup)]
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def counts(game: Game) -> dict[str, int]:
    tables = ("accounts_user", "cases_case", "attempts_attempt", "attempts_result")
    return {table: game.one(f"SELECT count(*) FROM {table}") for table in tables}


def scored_one(game: Game) -> Play:
    play = Play(game)
    assert play.submit().status_code == 202
    play.wait_until_scored()
    return play


def test_a_backup_is_restored_into_an_empty_place_and_played_on(tmp_path):
    backup = tmp_path / "backup.tar"
    with furnished() as game:
        before = scored_one(game)
        told = before.client.get(before.data["urls"]["result"]).text
        learner = threading.Thread(target=scored_one, args=(game,))
        learner.start()  # somebody plays meanwhile
        assert "found whole" in game.manage("backup", str(backup))
        learner.join()
        passwords, cookies, at_most = game.passwords, before.client.cookies, counts(game)
    with database_of_its_own() as url:
        (tmp_path / "new").mkdir()
        assert "Restored." in restored(backup, tmp_path / "new", url)
        with started("--no-demo", data_dir=tmp_path / "new", database_url=url) as game:
            game.passwords |= passwords
            there = counts(game)
            assert there["cases_case"] == at_most["cases_case"] > 60
            assert 3 <= there["accounts_user"] <= at_most["accounts_user"]
            assert there["attempts_result"] >= 1
            before.client.base_url = game.address
            before.client.cookies = cookies  # the key is the same: still logged in
            assert before.client.get(before.data["urls"]["result"]).text == told
            after = scored_one(game)
            for image in after.data["images"]:
                assert after.client.get(image["url"]).status_code == 200
