"""The client against a model server that is not ours: `transformers serve` with a tiny Gemma 3."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PIL import Image

from ml.llm.backend import image_part, text_part
from ml.llm.local import LocalModel
from ml.llm.server import ServerModel
from ml.models import ModelProblem
from tests.checkpoints import gemma3_folder
from tests.servers import PATIENT

pytestmark = [pytest.mark.pure, pytest.mark.models]

TEXT = [{"role": "user", "content": "What is an effusion?"}]
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
TOKENS = 12


def seen(png):
    return [
        {"role": "system", "content": "Be short."},
        {"role": "user", "content": [text_part("What is this?"), image_part(png)]},
    ]


def picture():
    image = io.BytesIO()
    Image.new("L", (30, 20), 90).save(image, "PNG")
    return image.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return gemma3_folder(tmp_path_factory.mktemp("served") / "tiny-medgemma")


@pytest.fixture(scope="module")
def local(folder):
    return LocalModel(folder, "cpu")


@pytest.fixture(scope="module")
def address(folder):
    """Its address, when it says that it runs; it takes a free port.

    What it says after that is read too: it logs every error at length, and stops at a full pipe.
    """
    serve = Path(sys.executable).with_name("transformers")
    process = subprocess.Popen(
        [serve, "serve", folder, "--host", "127.0.0.1", "--port", "0", "--device", "cpu"],
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    try:
        said = []
        for line in process.stderr:
            said.append(line)
            if found := re.search(r"running on (http://\S+)", line):
                break
        else:
            pytest.fail("transformers serve did not start: " + "".join(said))
        listening = threading.Thread(target=said.extend, args=(process.stderr,))
        listening.start()
        yield f"{found[1]}/v1"
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


@pytest.fixture
def server(address, folder):
    return ServerModel(address, str(folder), timeout=PATIENT, pause=0.01)


def test_it_works(server, local):
    assert server.chat(TEXT, TOKENS) == local.chat(TEXT, TOKENS) != ""


def test_its_stream_ends_without_the_word_done_and_is_whole(server, local):
    pieces = list(server.stream(TEXT, TOKENS))
    assert len(pieces) > 1
    assert "".join(pieces) == local.chat(TEXT, TOKENS)


def test_images_reach_the_model(server, local):
    question = seen(picture())
    assert server.chat(question, TOKENS) == local.chat(question, TOKENS)
    assert "".join(server.stream(question, TOKENS)) == local.chat(question, TOKENS)


def test_a_schema_is_no_obstacle(server, local):
    assert server.chat(TEXT, TOKENS, SCHEMA) == local.chat(TEXT, TOKENS)


def test_what_it_cannot_read_is_a_sentence(server):
    with pytest.raises(ModelProblem, match="does not answer: it says 500"):
        server.chat(seen(b"not a picture"), TOKENS)
    with pytest.raises(ModelProblem, match="does not answer: it says 500"):
        list(server.stream(seen(b"not a picture"), TOKENS))


def test_a_model_that_it_does_not_have_is_a_sentence(address):
    with pytest.raises(ModelProblem, match=r"refuses the question .*other"):
        ServerModel(address, "other", timeout=PATIENT).chat(TEXT, TOKENS)
