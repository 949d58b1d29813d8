"""RadGraph from a checkpoint in the real format gives what the package gives, in batches."""

from __future__ import annotations

import json
import shutil

import pytest

from ml.models import ModelProblem
from ml.radgraph import F1, RadGraph, f1
from ml.radgraph.graph import token_spans
from tests.checkpoints import REPORTS, radgraph_folder

pytestmark = [pytest.mark.pure, pytest.mark.models]

LONG = "Mild edema. Xyzqwvutsrqponm " * 40


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return radgraph_folder(tmp_path_factory.mktemp("radgraph"))


@pytest.fixture(scope="module")
def model(folder):
    return RadGraph(folder, "cpu", batch_size=4)


@pytest.fixture(scope="module")
def package(folder):
    """The same checkpoint in the package itself."""
    from ml.radgraph.loading import load

    return load(folder, "cpu")


def test_it_works(model):
    graph = model.graphs(["Small left pleural effusion."])[0]
    assert graph.entities and graph.relations
    assert {e.label.split("::")[0] for e in graph.entities} <= {"Observation", "Anatomy"}


def test_graphs_are_those_of_the_package(model, package):
    texts = [*REPORTS, "a", "Effusion\n\n  LEFT ; 50 %) .", "½ μ – heart\u00a0size", LONG]
    wanted = package(texts)
    for place, graph in enumerate(model.graphs(texts)):
        assert graph.annotation == wanted[str(place)]


@pytest.mark.parametrize("text", ["\u200b", "\u00ad", "\0", "\\n", "\u200b \u00ad", "\x01\x02"])
def test_a_text_without_a_readable_token_costs_only_itself(folder, text):
    fresh = RadGraph(folder, "cpu", batch_size=4)
    alone = fresh.graphs(REPORTS)
    beside = RadGraph(folder, "cpu", batch_size=4).graphs([REPORTS[0], text, *REPORTS[1:]])
    assert [beside[0], *beside[2:]] == alone
    assert not beside[1].entities


def test_scores_are_those_of_the_package_to_five_digits(model, package):
    """The package rounds to four; what it rounds is compared."""
    from radgraph.allennlp.data.dataloader import allennlp_collate
    from radgraph.utils import preprocess_reports

    predicted = model._model.predict(model._model.encode(REPORTS))
    lines = preprocess_reports(list(REPORTS), package.model_type)
    for line, ours in zip(lines, predicted, strict=True):
        instance = package.reader.text_to_instance(line)
        instance.index_fields(package.model.vocab)
        answer = package.model(**allennlp_collate([instance]))
        [entities] = answer["ner"]["predictions"]
        [relations] = answer["relation"]["predictions"]
        theirs = [(e.raw_score, e.softmax_score) for e in [*entities, *relations]]
        found = [pair[-2:] for pair in [*ours.entities, *ours.relations]]
        assert len(found) == len(theirs) > 0
        for one, other in zip(found, theirs, strict=True):
            assert one == pytest.approx(other, abs=1e-5)


def test_f1_is_the_reward_of_the_package(model, package):
    from radgraph.rewards import compute_reward

    candidates, references = list(REPORTS), [*REPORTS[1:], REPORTS[0]]
    graphs = package([*candidates, *references])
    half = len(candidates)
    for place, score in enumerate(model.f1(candidates, references)):
        pair = graphs[str(place)], graphs[str(place + half)]
        assert (score.simple, score.partial, score.complete) == compute_reward(*pair, "all")


def test_the_same_report_scores_one(model):
    assert model.f1([REPORTS[1]], [REPORTS[1]]) == [F1(1.0, 1.0, 1.0)]


def test_an_empty_report_has_no_graph_and_scores_zero(model):
    assert model.graphs(["", " \n "]) == [model.graphs([""])[0]] * 2
    assert f1(*model.graphs(["", REPORTS[0]])) == F1(0.0, 0.0, 0.0)


def test_one_reference_for_many_learners_is_read_once(folder, monkeypatch):
    model = RadGraph(folder, "cpu")
    read = []
    inner = model._model.annotations
    monkeypatch.setattr(model._model, "annotations", lambda t: read.extend(t) or inner(t))
    model.f1(list(REPORTS), [REPORTS[0]] * len(REPORTS))
    model.f1([REPORTS[2]], [REPORTS[0]])
    assert sorted(read) == sorted(REPORTS)


def test_spans_point_into_the_text_as_given(model):
    text = 'Heart:\n enlarged. "Tube"  at 3.5cm'
    for entity in model.graphs([text])[0].entities:
        start, end = entity.span
        if end:
            assert text[start:end].split() and text[start:end][0] == entity.words[0]


def test_a_token_that_is_not_in_the_text_does_not_shift_the_others():
    assert token_spans(["a", "``", "b"], 'a " b') == [(0, 1), None, None]
    assert token_spans(["no", "edema", "."], "no  edema.") == [(0, 2), (4, 9), (9, 10)]


def test_lists_of_different_length_are_refused(model):
    with pytest.raises(ValueError, match="1 candidates, but 2 references"):
        model.f1(["a"], ["b", "c"])


@pytest.mark.parametrize("part", ["config.json", "weights.th", "vocabulary"])
def test_a_missing_part_is_named(folder, tmp_path, part):
    copy = shutil.copytree(folder, tmp_path / "copy")
    target = copy / "radgraph-xl" / part
    shutil.rmtree(target) if target.is_dir() else target.unlink()
    with pytest.raises(ModelProblem, match=part):
        RadGraph(copy, "cpu")


def test_a_missing_encoder_is_named(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "copy")
    shutil.rmtree(copy / "encoder")
    with pytest.raises(ModelProblem, match="encoder"):
        RadGraph(copy, "cpu")


def test_weights_of_another_model_are_refused(folder, tmp_path):
    import torch

    copy = shutil.copytree(folder, tmp_path / "copy")
    torch.save({"other": torch.zeros(1)}, copy / "radgraph-xl" / "weights.th")
    with pytest.raises(ModelProblem, match="could not be loaded"):
        RadGraph(copy, "cpu")


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(ModelProblem, match="holds no RadGraph model"):
        RadGraph(tmp_path, "cpu")


def test_the_encoder_of_the_hub_is_found_in_the_folder_beside(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "copy")
    path = copy / "radgraph-xl" / "config.json"
    config = path.read_text().replace("../encoder", "some/encoder-of-a-hub")
    path.write_text(config)
    assert json.loads(config)
    assert RadGraph(copy, "cpu").graphs([REPORTS[0]])[0].entities
