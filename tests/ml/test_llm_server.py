"""The client of chat servers against a server that hangs, closes, lies and is busy."""

from __future__ import annotations

import threading

import pytest

from ml.llm.breaker import CircuitBreaker
from ml.llm.server import ServerModel
from ml.models import ModelProblem
from tests.servers import (
    IMPATIENT,
    PATIENT,
    Crowd,
    Dripping,
    answer,
    chat_server,
    close,
    hang,
    raw,
    status,
    stream,
)

pytestmark = pytest.mark.pure

QUESTION = [{"role": "user", "content": "?"}]
SCHEMA = {"type": "object"}


@pytest.fixture
def chat():
    with chat_server() as running:
        yield running


@pytest.fixture
def pauses():
    return []


@pytest.fixture
def model(chat, pauses):
    return ServerModel(chat.url, "tiny", timeout=PATIENT, sleep=pauses.append)


@pytest.fixture
def impatient(chat, pauses):
    return ServerModel(chat.url, "tiny", timeout=IMPATIENT, sleep=pauses.append)


def test_it_works(chat, model):
    chat.will(answer("yes"))
    assert model.chat(QUESTION, 10) == "yes"
    assert chat.asked == [
        {"model": "tiny", "messages": QUESTION, "temperature": 0, "max_tokens": 10}
    ]


def test_a_schema_is_sent_as_a_response_format(chat, model):
    chat.will(answer("{}"))
    model.chat(QUESTION, 10, SCHEMA)
    assert chat.asked[0]["response_format"]["json_schema"]["schema"] == SCHEMA


def test_a_server_that_knows_no_schema_is_asked_for_less_and_that_is_remembered(chat, model):
    unknown = status(400, "unknown field response_format")
    chat.will(unknown, unknown, answer("{}"), answer("{}"))
    assert model.chat(QUESTION, 10, SCHEMA) == "{}"
    model.chat(QUESTION, 10, SCHEMA)
    kinds = [body.get("response_format", {}).get("type") for body in chat.asked]
    assert kinds == ["json_schema", "json_object", None, None]


@pytest.mark.parametrize(
    "failure",
    [
        close,
        status(429),
        status(500),
        status(503),
        raw(b"<html>Bad gateway</html>"),
        raw(b"\xff\xfe\x00"),
        raw(b'{"choices": [{"message": {"cont'),
        raw(b'{"choices": [{"message"', length=500),
        raw(b"{}"),
        raw(b"[" * 5000),
        raw(b'{"choices": []}'),
        answer("  "),
    ],
    ids=lambda act: getattr(act, "__name__", ""),
)
def test_what_may_pass_is_tried_again(chat, model, pauses, failure):
    chat.will(failure, answer("now"))
    assert model.chat(QUESTION, 10) == "now"
    assert len(pauses) == 1


def test_who_says_nothing_in_time_is_asked_again(chat, impatient, pauses):
    chat.will(hang, answer("now"))
    assert impatient.chat(QUESTION, 10) == "now"
    assert pauses


def test_a_server_that_never_answers_is_a_sentence_after_three_tries(chat, model):
    chat.will(status(500))
    with pytest.raises(ModelProblem, match="does not answer: it says 500"):
        model.chat(QUESTION, 10)
    assert len(chat.asked) == 3


def test_a_server_that_is_not_there_is_a_sentence(pauses):
    model = ServerModel("http://127.0.0.1:9/v1", "tiny", timeout=PATIENT, sleep=pauses.append)
    with pytest.raises(ModelProblem, match="does not answer"):
        model.chat(QUESTION, 10)


def test_an_answer_that_drips_is_given_up(chat):
    dripping = Dripping()
    chat.will(dripping)
    with pytest.raises(ModelProblem, match="within"):
        ServerModel(chat.url, "tiny", timeout=IMPATIENT, tries=1).chat(QUESTION, 10)
    assert not dripping.done


@pytest.mark.parametrize(
    ("code", "words"), [(401, "key"), (403, "key"), (404, "no 'tiny'"), (400, "refuses")]
)
def test_what_will_not_pass_is_said_at_once(chat, model, code, words):
    chat.will(status(code))
    with pytest.raises(ModelProblem, match=words):
        model.chat(QUESTION, 10)
    assert len(chat.asked) == 1


def test_pauses_grow_with_jitter_and_heed_the_server(chat, model, pauses):
    chat.will(status(500), status(429, Retry_After="7"), answer("x"))
    model.chat(QUESTION, 10)
    assert 0.25 <= pauses[0] <= 0.75
    assert pauses[1] == 7


def test_the_breaker_leaves_a_failing_server_alone(chat):
    now = [0.0]
    breaker = CircuitBreaker(failures=2, pause=30, clock=lambda: now[0])
    model = ServerModel(chat.url, "tiny", timeout=PATIENT, tries=1, breaker=breaker)
    chat.will(status(500))
    for _ in range(4):
        with pytest.raises(ModelProblem):
            model.chat(QUESTION, 10)
    assert len(chat.asked) == 2
    now[0] = 31
    chat.will(answer("back"))
    assert model.chat(QUESTION, 10) == model.chat(QUESTION, 10) == "back"


def test_after_the_pause_one_caller_tries_and_the_others_wait():
    now = [0.0]
    breaker = CircuitBreaker(failures=1, pause=30, clock=lambda: now[0])
    breaker.failed()
    assert breaker.wait() == 30
    now[0] = 30
    assert breaker.wait() == 0
    assert breaker.wait() == 30


def test_only_so_many_ask_at_once(chat):
    model = ServerModel(chat.url, "tiny", timeout=PATIENT, concurrency=2)
    crowd = Crowd(2, answer("x"))
    chat.will(crowd)
    askers = [threading.Thread(target=model.chat, args=(QUESTION, 10)) for _ in range(6)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert crowd.most == 2 and len(chat.asked) == 6


def test_who_finds_no_place_is_told(chat):
    model = ServerModel(chat.url, "tiny", timeout=IMPATIENT, tries=1, concurrency=1)
    chat.will(stream("a", then_hang=True))
    first = model.stream(QUESTION, 10)
    assert next(first) == "a"
    with pytest.raises(ModelProblem, match="busy"):
        model.chat(QUESTION, 10)
    first.close()
    chat.will(answer("free"))
    assert model.chat(QUESTION, 10) == "free"


def test_a_stream_gives_its_pieces(chat, model):
    chat.will(stream("One ", "two", "."))
    assert list(model.stream(QUESTION, 10)) == ["One ", "two", "."]
    assert chat.asked[0]["stream"] is True


@pytest.mark.parametrize("failure", [close, status(500), raw(b"data: nonsense\n\n"), stream()])
def test_a_stream_that_has_not_begun_is_tried_again(chat, model, failure):
    chat.will(failure, stream("x"))
    assert list(model.stream(QUESTION, 10)) == ["x"]


@pytest.mark.parametrize("end", [stream("a", done=False), stream("a", then_hang=True)])
def test_a_stream_that_stops_in_the_middle_is_a_sentence(chat, impatient, end):
    chat.will(end)
    pieces = impatient.stream(QUESTION, 10)
    assert next(pieces) == "a"
    with pytest.raises(ModelProblem, match="in the middle"):
        next(pieces)


def test_the_key_is_sent_and_never_shown(chat):
    seen = []

    def act(handler):
        seen.append(handler.headers["Authorization"])
        status(401)(handler)

    chat.will(act)
    with pytest.raises(ModelProblem) as problem:
        ServerModel(chat.url, "tiny", key="hidden-word").chat(QUESTION, 10)
    assert seen == ["Bearer hidden-word"]
    assert "hidden-word" not in str(problem.value)
