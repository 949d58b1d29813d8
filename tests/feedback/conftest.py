"""A played case with a missed nodule, and a chat server that writes of it."""

from __future__ import annotations

import uuid

import pytest

from attempts import services, tasks
from feedback import backends, explanations
from tests.servers import PATIENT, chat_server, stream

GOOD = (
    "This is a nodule in the left lung. It is a round density with a sharp edge in the upper zone. "
    "Compare it with the other side."
)


@pytest.fixture(autouse=True)
def nothing_left_open(settings):
    settings.VLM_URL = settings.VLM_MODEL = ""
    backends.forget()
    yield
    backends.forget()


@pytest.fixture
def chat(settings):
    with chat_server() as running:
        settings.VLM_URL, settings.VLM_MODEL = running.url, "seer-1"
        settings.LLM_TIMEOUT_SECONDS = PATIENT
        running.will(stream(*[f"{word} " for word in GOOD.split()]))
        yield running


@pytest.fixture
def case(nodule_case):
    nodule_case.findings.filter(label="nodule_mass").update(side="left")
    return nodule_case


@pytest.fixture
def attempt(trainee, case):
    """Scored: the nodule was missed, and an effusion marked on the other side."""
    found = services.open_attempt(
        user=trainee, case=case, kind="localize", mode="practice", rule="standard"
    )
    mark = {
        "id": "m1",
        "label": "pleural_effusion",
        "image": case.images.get().public_id,
        "frame": 0,
        "box": [0.1, 0.7, 0.3, 0.9],
        "confidence": None,
    }
    answer = {"marks": [mark], "ticked": [], "normal": False}
    services.submit(attempt_id=found.pk, submission=uuid.uuid4(), answer=answer, elapsed_ms=1)
    tasks.score_attempt(found.pk)
    found.refresh_from_db()
    assert found.state == "scored"
    return found


@pytest.fixture
def told(monkeypatch):
    """What the attempt's page is told."""
    messages = []
    monkeypatch.setattr(
        explanations,
        "_tell",
        lambda _, row, state, **more: messages.append(
            (row, state, *(more[key] for key in ("text", "badge") if key in more))
        ),
    )
    return messages
