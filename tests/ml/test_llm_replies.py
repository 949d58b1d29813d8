"""What chat servers write besides the plain case: ends, signs of life, errors, thoughts, lines."""

from __future__ import annotations

import json

import pytest

from ml.llm.answers import parsed
from ml.llm.events import LONGEST_LINE, Event, events
from ml.llm.server import ServerModel
from ml.models import ModelProblem
from tests.servers import (
    IMPATIENT,
    PATIENT,
    Dripping,
    answer,
    chat_server,
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
def model(chat):
    return ServerModel(chat.url, "tiny", timeout=PATIENT, tries=2, sleep=lambda _: None)


def sent(*parts, kind="text/event-stream", then=None):
    """Events of a stream: objects as JSON, texts as they are; then the connection is closed."""

    def act(handler):
        handler.send_response(200)
        handler.send_header("Content-Type", kind)
        handler.end_headers()
        for part in parts:
            text = part if isinstance(part, str) else f"data: {json.dumps(part)}\n\n"
            handler.wfile.write(text.encode())
            handler.wfile.flush()
        if then:
            then(handler)
        handler.close_connection = True

    return act


def delta(reason=None, **fields):
    return {"choices": [{"index": 0, "delta": fields, "finish_reason": reason}]}


ROLE = delta(role="assistant", content=None)
LAST = delta("stop")
USAGE = {"choices": [], "usage": {"completion_tokens": 2}}
DONE = "data: [DONE]\n\n"


@pytest.mark.parametrize(
    "parts",
    [
        (ROLE, delta(content="a "), delta(content="b"), LAST),
        (ROLE, delta(content="a "), delta(content="b"), LAST, USAGE, DONE),
        (delta(content="a "), delta("length", content="b")),
        (delta(content="a "), USAGE, delta(content="b"), DONE),
        (": ping\n\n", delta(content="a "), ": ping\n\n\n", delta(content="b"), LAST),
        (delta(content="a "), "event: ping\ndata: {}\n\n", "data:\n\n", delta(content="b"), LAST),
        (delta(content=""), delta(), {"choices": [{"index": 0}]}, delta(content="a b"), LAST),
        (delta(reasoning_content="hm"), delta(reasoning="hm"), delta(content="a b"), LAST),
        (delta(content=[{"type": "thinking"}, {"type": "text", "text": "a b"}]), LAST),
        ({"choices": [{"index": 0, "delta": None}]}, delta(content="a b"), LAST),
        ('data:{"choices": [{"delta": {"content": "a b"},\ndata: "finish_reason": "stop"}]}\n\n',),
        ('id: 1\nretry: 9\ndata: {"choices": [{"delta": {"content": "a b"}}]}\n\n', DONE),
        (f"data: {json.dumps(delta(content='a b'))}\r\n\r\n", "data: [DONE]\r\n\r\n"),
        (delta(content="a b"), "data: [DONE]"),
    ],
)
def test_a_stream_is_read_however_its_server_writes_it(chat, model, parts):
    chat.will(sent(*parts))
    assert "".join(model.stream(QUESTION, 9)) == "a b"
    assert len(chat.asked) == 1


def test_a_stream_is_over_when_its_server_says_so_and_not_when_it_hangs_up(chat, model):
    chat.will(sent(delta(content="a"), LAST, then=hang))
    assert list(model.stream(QUESTION, 9)) == ["a"]


def test_letters_that_unicode_calls_line_ends_do_not_cut_an_answer(chat, model):
    text = "one\u2028two\u2029three\x85four"
    chat.will(sent(f"data: {json.dumps(delta(content=text), ensure_ascii=False)}\n\n", LAST))
    assert "".join(model.stream(QUESTION, 9)) == text


def test_a_server_that_does_not_stream_gives_its_answer_in_one_piece(chat, model):
    chat.will(answer("whole"))
    assert list(model.stream(QUESTION, 9)) == ["whole"]


def test_a_server_that_always_streams_gives_whole_answers_too(chat, model):
    chat.will(sent(ROLE, delta(content="a "), delta(content="b"), LAST, USAGE, DONE))
    assert model.chat(QUESTION, 9) == "a b"


def test_the_page_of_an_error_without_end_is_given_up(chat):
    dripping = Dripping(502)
    chat.will(dripping)
    with pytest.raises(ModelProblem, match="within"):
        ServerModel(chat.url, "tiny", timeout=IMPATIENT, tries=1).chat(QUESTION, 9)
    assert not dripping.done


ERRORS = [
    ({"error": {"message": "CUDA out of memory.", "code": 500}}, "error: CUDA out of memory."),
    ({"error": "out of memory"}, "error: out of memory."),
    ({"object": "error", "message": "out of memory", "code": None}, "error: out of memory."),
    ('event: error\ndata: {"message": "out of memory"}\n\n', "error: out of memory."),
    ('error: {"code": 500, "message": "out of memory"}\n\n', "error: out of memory."),
    ('data: {"error": "no "room" left"}\n\n', 'error: no "room" left.'),
    ({"error": {}, "object": "error"}, "error: without words."),
    (delta("error"), r"broke its answer off \(error\)"),
]


@pytest.mark.parametrize(("error", "words"), ERRORS)
def test_an_error_in_the_middle_of_a_stream_is_told_in_the_servers_words(chat, model, error, words):
    chat.will(sent(delta(content="a"), error))
    pieces = model.stream(QUESTION, 9)
    assert next(pieces) == "a"
    with pytest.raises(ModelProblem, match=f"stopped in the middle: .*{words}"):
        next(pieces)


@pytest.mark.parametrize("error", [error for error, _ in ERRORS])
def test_an_error_before_the_first_word_is_tried_again(chat, model, error):
    chat.will(sent(ROLE, error), stream("now"))
    assert list(model.stream(QUESTION, 9)) == ["now"]


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"message": "too many tokens", "code": 400}, "refuses the question: too many tokens."),
        ({"message": "too many tokens", "code": "400"}, "refuses the question: too many tokens."),
        ({"message": "bad key sk-secret", "code": 401}, "refuses the key"),
    ],
)
def test_an_error_that_will_not_pass_is_told_at_once(chat, model, told, words):
    for act, ask in (
        (sent({"error": told}), lambda: list(model.stream(QUESTION, 9))),
        (raw(json.dumps({"error": told}).encode()), lambda: model.chat(QUESTION, 9)),
    ):
        chat.will(act)
        with pytest.raises(ModelProblem, match=words) as problem:
            ask()
        assert len(chat.asked) == 1
        assert "secret" not in str(problem.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"error": {"message": "The context has 4096 tokens."}}', "400: The context has 4096 tok"),
        ('{"detail": [{"msg": "field required"}]}', "400: field required"),
        ('{"detail": "too long"}', "400: too long"),
        ('{"error": {"message": "' + "a" * 5_000 + '"}}', "aaaa…"),
        ("<html>Bad Request</html>", r"400\)"),
        ("[]", r"400\)"),
    ],
)
def test_why_a_question_is_refused_is_told(chat, model, content, words):
    chat.will(status(400, content))
    with pytest.raises(ModelProblem, match=words) as problem:
        model.chat(QUESTION, 9)
    assert len(str(problem.value)) < 300 and "html" not in str(problem.value)


@pytest.mark.parametrize("code", [400, 422, 500])
def test_who_refuses_the_response_format_is_asked_without_whatever_they_call_it(chat, model, code):
    refusal = status(code, "grammar" if code == 500 else "Bad Request")
    chat.will(refusal, refusal, answer("{}"))
    assert model.chat(QUESTION, 9, SCHEMA) == "{}"
    assert [body.get("response_format", {}).get("type") for body in chat.asked][-1] is None


def test_a_question_refused_in_every_format_does_not_cost_the_format(chat, model):
    chat.will(status(400, "The question is too long."))
    with pytest.raises(ModelProblem, match="refuses the question"):
        model.chat(QUESTION, 9, SCHEMA)
    chat.will(answer("{}"))
    model.chat(QUESTION, 9, SCHEMA)
    assert chat.asked[0]["response_format"]["type"] == "json_schema"


def whole(content, reason="stop"):
    choice = {"message": {"content": content, "reasoning_content": "hm"}, "finish_reason": reason}
    return raw(json.dumps({"choices": [choice]}).encode())


def test_a_whole_answer_may_come_in_parts(chat, model):
    chat.will(whole([{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "a"}]))
    assert model.chat(QUESTION, 9) == "a"


@pytest.mark.parametrize(
    ("reason", "words"),
    [("length", "no answer within 9 tokens"), ("content_filter", "held its answer back")],
)
def test_a_model_that_writes_nothing_for_a_reason_is_not_asked_again(chat, model, reason, words):
    for act, ask in (
        (whole(None, reason), lambda: model.chat(QUESTION, 9)),
        (sent(delta(reasoning="hm"), delta(reason)), lambda: list(model.stream(QUESTION, 9))),
    ):
        chat.will(act)
        with pytest.raises(ModelProblem, match=words):
            ask()
        assert len(chat.asked) == 1


@pytest.mark.parametrize("size", [1, 2, 3, 1_000])
def test_events_are_the_same_however_the_network_cuts_them(size):
    text = ": x\r\ndata: a\r\ndata:b\r\n\r\nevent: error\rdata: ü\r\rdata: last\n\n"
    found = text.encode()
    blocks = [found[start : start + size] for start in range(0, len(found), size)]
    assert [*events(blocks)] == [Event("a\nb"), Event("ü", "error"), Event("last")]


def test_a_line_without_end_is_given_up():
    endless = (b"data: " + b"a" * 100_000 for _ in iter(int, 1))
    with pytest.raises(ValueError, match="no end"):
        list(events(endless))
    assert LONGEST_LINE < 10_000_000


def test_a_thought_before_the_answer_is_left_out():
    assert parsed('<think>{"a": 2}?\nNo.</think>\n{"a": 1}') == {"a": 1}
