"""`manage.py fetch_models` and `manage.py models`, against a small hub and from folders."""

from __future__ import annotations

import io
import json
import tarfile

import pytest
from django.core.management import CommandError, call_command

from ml.models.registry import MODELS
from tests.checkpoints import chexbert_folder, radgraph_folder
from tests.hub import COMMIT, hub_server

pytestmark = [pytest.mark.models, pytest.mark.any_database]

ENCODER = "some/encoder"


@pytest.fixture(autouse=True)
def models_dir(settings, tmp_path):
    settings.MODELS_DIR = tmp_path / "models"
    settings.MODEL_DEVICE = "cpu"
    return settings.MODELS_DIR


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Tiny models of both kinds: folders, and RadGraph as the hub's archive."""
    folder = tmp_path_factory.mktemp("made")
    chexbert_folder(folder / "chexbert")
    radgraph_folder(folder / "radgraph-xl")
    config = folder / "radgraph-xl" / "radgraph-xl" / "config.json"
    config.write_text(config.read_text().replace("../encoder", ENCODER))
    with tarfile.open(folder / "radgraph-xl.tar.gz", "w:gz") as tar:
        for path in sorted((folder / "radgraph-xl" / "radgraph-xl").iterdir()):
            if path.name != ".lock":
                tar.add(path, path.name)
    return folder


@pytest.fixture
def hub(made, settings, monkeypatch):
    monkeypatch.setenv("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda _: None)
    tokenizer = {p.name: p.read_bytes() for p in (made / "chexbert" / "tokenizer").iterdir()}
    encoder = {p.name: p.read_bytes() for p in (made / "radgraph-xl" / "encoder").iterdir()}
    with hub_server() as running:
        running.files = {
            "StanfordAIMI/RRG_scorers": {
                "radgraph-xl.tar.gz": (made / "radgraph-xl.tar.gz").read_bytes(),
                "chexbert.pth": (made / "chexbert" / "chexbert.pth").read_bytes(),
                "other.bin": b"not asked for",
            },
            "google-bert/bert-base-uncased": {**tokenizer, "model.safetensors": b"not needed"},
            ENCODER: encoder,
            "google/medgemma-4b-it": {"config.json": b"{}"},
        }
        settings.MODEL_MIRROR = running.url
        yield running


def output_of(*arguments, **options):
    out = io.StringIO()
    call_command(*arguments, stdout=out, **options)
    return out.getvalue()


def test_it_works(hub, models_dir):
    said = output_of("fetch_models", "chexbert", test=True)
    assert said.index("1.4 GB") < said.index("Downloading") < said.index("Installed in")
    assert "License: MIT" in said and "in “Small left pleural effusion" in said
    assert not (models_dir / "chexbert" / "other.bin").exists()
    assert not (models_dir / "chexbert" / "tokenizer" / "model.safetensors").exists()
    assert json.loads((models_dir / "chexbert" / "installed.json").read_text())["version"] == COMMIT


def test_radgraph_is_unpacked_with_the_encoder_that_it_names(hub, models_dir):
    said = output_of("fetch_models", "radgraph-xl", test=True)
    assert "entities in" in said
    assert (models_dir / "radgraph-xl" / "encoder" / "vocab.txt").is_file()
    assert not (models_dir / "radgraph-xl" / "radgraph-xl.tar.gz").exists()


def test_a_download_that_was_cut_off_goes_on_where_it_stopped(hub, models_dir, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 1_000)
    hub.broken = True
    with pytest.raises(CommandError, match="run the command again"):
        output_of("fetch_models", "chexbert")
    assert not (models_dir / "chexbert" / "installed.json").exists()
    hub.broken = False
    hub.ranges.clear()
    output_of("fetch_models", "chexbert")
    assert int(hub.ranges[0].removeprefix("bytes=").partition("-")[0]) >= 1_000
    assert "installed" in output_of("models", "chexbert", test=True)


def test_what_is_there_and_whole_is_not_brought_again(hub, models_dir):
    output_of("fetch_models", "chexbert")
    (models_dir / "chexbert" / "tokenizer" / "vocab.txt").unlink()
    hub.asked.clear()
    output_of("fetch_models", "chexbert")
    assert hub.asked == ["vocab.txt"]


@pytest.mark.parametrize("name", ["chexbert.pth", "tokenizer/vocab.txt"])
def test_an_older_file_of_the_same_size_is_replaced(hub, models_dir, name):
    output_of("fetch_models", "chexbert")
    path = models_dir / "chexbert" / name
    current = path.read_bytes()
    path.write_bytes(bytes(len(current)))
    output_of("fetch_models", "chexbert")
    assert path.read_bytes() == current


def test_a_file_that_is_not_what_the_hub_describes_is_refused(hub, models_dir):
    vocabulary = hub.files["google-bert/bert-base-uncased"]["vocab.txt"]
    hub.files["StanfordAIMI/RRG_scorers"] = {"chexbert.pth": vocabulary}
    hub.altered = bytes(len(vocabulary))
    with pytest.raises(CommandError, match=r"chexbert\.pth is not what the hub describes"):
        output_of("fetch_models", "chexbert")
    assert not (models_dir / "chexbert" / "chexbert.pth").exists()
    hub.altered = b""
    assert "Installed in" in output_of("fetch_models", "chexbert")


def test_a_mirror_that_describes_no_files_serves_as_well(hub):
    hub.describes = False
    assert "in “Small left" in output_of("fetch_models", "chexbert", test=True)
    assert "Installed in" in output_of("fetch_models", "chexbert")


def test_a_hub_that_fails_in_between_does_not_leave_old_files_under_a_new_version(hub, models_dir):
    output_of("fetch_models", "chexbert")
    hub.files["StanfordAIMI/RRG_scorers"]["chexbert.pth"] += b"newer"
    hub.down = True
    with pytest.raises(CommandError, match=r"could not be downloaded .*500"):
        output_of("fetch_models", "chexbert")


def test_a_file_that_leads_outside_is_refused(hub, tmp_path):
    hub.files["google/medgemma-4b-it"]["../../outside.json"] = b"{}"
    with pytest.raises(CommandError, match="leads outside"):
        output_of("fetch_models", "medgemma-4b")
    assert not list(tmp_path.rglob("outside.json"))


def test_a_place_that_cannot_be_written_is_a_sentence(hub, made, models_dir):
    models_dir.write_text("a file where the folder should be")
    with pytest.raises(CommandError, match=r"models/chexbert cannot be written: Not a directory\."):
        output_of("fetch_models", "chexbert")
    with pytest.raises(CommandError, match=r"could not be copied to .*models/chexbert"):
        output_of("fetch_models", "chexbert", source=made / "chexbert")


def test_a_gated_model_says_how_to_accept_its_terms(hub):
    hub.gated.add("google/medgemma-4b-it")
    for _ in range(2):  # also when a folder is there already
        with pytest.raises(CommandError, match=r"accept the terms .*HF_TOKEN"):
            output_of("fetch_models", "medgemma-4b")


def test_a_hub_that_is_away_is_a_sentence(settings):
    settings.MODEL_MIRROR = "http://127.0.0.1:9"
    with pytest.raises(CommandError, match=r"could not be downloaded .*--from FOLDER"):
        output_of("fetch_models", "chexbert")


def test_a_model_that_the_hub_lacks_is_a_sentence(hub):
    del hub.files["StanfordAIMI/RRG_scorers"]
    with pytest.raises(CommandError, match="has no StanfordAIMI/RRG_scorers"):
        output_of("fetch_models", "chexbert")


def test_an_archive_that_leads_outside_is_refused(hub, tmp_path, models_dir):
    archive = tmp_path / "bad.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("../../outside"), io.BytesIO())
    hub.files["StanfordAIMI/RRG_scorers"]["radgraph-xl.tar.gz"] = archive.read_bytes()
    with pytest.raises(CommandError, match="was not unpacked"):
        output_of("fetch_models", "radgraph-xl")
    assert not (tmp_path / "outside").exists()


def test_files_are_copied_from_a_folder(made, models_dir):
    said = output_of("fetch_models", "chexbert", source=made / "chexbert", test=True)
    assert "Installed in" in said
    assert "installed" in output_of("models", "chexbert")


def test_a_folder_without_the_model_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(CommandError, match=r"not complete: chexbert\.pth"):
        output_of("fetch_models", "chexbert", source=tmp_path / "empty")


@pytest.mark.parametrize("name", ["absent", "models"])
def test_a_folder_that_is_none_or_the_models_own_is_refused(tmp_path, models_dir, name):
    (models_dir / "chexbert").mkdir(parents=True)
    with pytest.raises(CommandError, match=r"is not a folder|own folder"):
        output_of("fetch_models", "chexbert", source=tmp_path / name)


def test_a_full_disk_is_said_before_anything_is_fetched(hub, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1_000_000}))
    with pytest.raises(CommandError, match="GB free"):
        output_of("fetch_models", "chexbert")
    assert hub.ranges == []


def test_one_folder_brings_one_model(tmp_path):
    with pytest.raises(CommandError, match="name one"):
        output_of("fetch_models", "chexbert", "radgraph-xl", source=tmp_path)


def test_models_shows_what_is_not_there(models_dir):
    said = output_of("models")
    assert said.count("not installed") == len(MODELS)
    assert str(models_dir) in said and "They run on cpu." in said


def test_models_finds_a_damaged_file(made, models_dir):
    call_command("fetch_models", "chexbert", source=made / "chexbert", stdout=io.StringIO())
    checkpoint = models_dir / "chexbert" / "chexbert.pth"
    content = bytearray(checkpoint.read_bytes())
    content[-100] ^= 1
    checkpoint.write_bytes(content)
    with pytest.raises(CommandError, match="self-test of chexbert failed"):
        output_of("models", "chexbert", test=True)
    checkpoint.write_bytes(content[:-1])
    assert "damaged" in output_of("models", "chexbert")


def test_an_unknown_model_is_refused_with_the_known_ones():
    with pytest.raises(CommandError, match="radgraph-xl, chexbert"):
        output_of("models", "radgraf")


def test_an_unknown_device_is_refused(settings):
    settings.MODEL_DEVICE = "tpu"
    with pytest.raises(CommandError, match="Unknown device"):
        output_of("models")
