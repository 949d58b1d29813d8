"""The game without torch and its company: whatever would need them says the same sentence."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from ml.models.packages import NOT_INSTALLED

pytestmark = pytest.mark.pure

ROOT = Path(__file__).resolve().parents[2]
ABSENT = ("torch", "transformers", "radgraph", "huggingface_hub", "tokenizers", "safetensors")


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """Everything that is installed here except the packages of models."""
    folder = tmp_path_factory.mktemp("packages")
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if not path.name.startswith(ABSENT) and path.suffix != ".pth":
            (folder / path.name).symlink_to(path)
    return folder


@pytest.fixture
def run(packages, tmp_path):
    """Runs Python with those packages only; the models' folder is `tmp_path`/models."""

    def python(*arguments: str) -> subprocess.CompletedProcess[str]:
        variables = {**os.environ, "PYTHONPATH": str(packages), "DATA_DIR": str(tmp_path)}
        return subprocess.run(
            [sys.executable, "-S", *arguments],
            cwd=ROOT,
            env={**variables, "DJANGO_SETTINGS_MODULE": "radgame.settings"},
            capture_output=True,
            text=True,
        )

    return python


@pytest.fixture
def chexbert(tmp_path):
    """A folder with the files that CheXbert needs."""
    folder = tmp_path / "brought"
    (folder / "tokenizer").mkdir(parents=True)
    (folder / "tokenizer" / "config.json").write_text("{}")
    (folder / "chexbert.pth").write_bytes(b"weights")
    return folder


def test_models_are_shown_with_the_sentence(run):
    shown = run("manage.py", "models")
    assert shown.returncode == 0
    assert NOT_INSTALLED in shown.stdout
    assert "chexbert" in shown.stdout


@pytest.mark.parametrize(
    "command",
    [
        "models --test",
        "fetch_models chexbert",
        "fetch_models chexbert --from {folder} --test",
    ],
)
def test_what_would_use_them_is_refused_with_the_sentence_alone(run, chexbert, command):
    told = run("manage.py", *command.format(folder=chexbert).split())
    assert told.returncode == 1
    assert "Traceback" not in told.stderr
    assert told.stderr.splitlines()[-1] == f"CommandError: {NOT_INSTALLED}"


def test_what_measures_them_says_the_sentence(run):
    told = run("-m", "bench.models")
    assert (told.returncode, told.stdout.strip(), told.stderr) == (1, NOT_INSTALLED, "")


def test_files_can_be_brought_without_them(run, chexbert, tmp_path):
    told = run("manage.py", "fetch_models", "chexbert", "--from", str(chexbert))
    assert told.returncode == 0, told.stderr
    assert (tmp_path / "models" / "chexbert" / "installed.json").is_file()


def test_a_model_that_lies_there_tells_who_asks_for_it(run, tmp_path):
    for name in ("radgraph-xl", "chexbert", "medgemma-4b"):
        (tmp_path / "models" / name).mkdir(parents=True)
        (tmp_path / "models" / name / "installed.json").write_text("{}")
        (tmp_path / "models" / name / "config.json").write_text("{}")
    told = run(
        "-c",
        "import django; django.setup()\n"
        "from django.test import override_settings\n"
        "from feedback import backends\n"
        "from ml.models import ModelProblem\n"
        "with override_settings(LLM_MODEL='medgemma-4b', VLM_MODEL='medgemma-4b'):\n"
        "    for opened in ('radgraph', 'chexbert', 'language_model', 'vision_model'):\n"
        "        try: getattr(backends, opened)()\n"
        "        except ModelProblem as problem: print(problem)\n",
    )
    assert told.stdout.splitlines() == [NOT_INSTALLED] * 4, told.stderr
