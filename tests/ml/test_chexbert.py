"""CheXbert from a checkpoint in the real format labels as the published code does."""

from __future__ import annotations

import shutil

import pytest

from ml import chexbert
from ml.chexbert import CLASSES, OBSERVATIONS, TOP_FIVE, CheXbert, measures
from ml.models import ModelProblem
from tests.checkpoints import REPORTS, chexbert_folder, published_chexbert

pytestmark = pytest.mark.pure

LONG = "Mild edema. The heart is enlarged. " * 120


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return chexbert_folder(tmp_path_factory.mktemp("chexbert"))


@pytest.fixture(scope="module")
def model(folder):
    return CheXbert(folder, "cpu", batch_size=4)


def labels(**classes):
    """Labels that are blank but for those given, by name with underscores."""
    found = dict.fromkeys(OBSERVATIONS, "blank")
    return found | {name.replace("_", " "): value for name, value in classes.items()}


@pytest.mark.models
def test_it_works(model):
    found = model.labels(["Small left pleural effusion."])[0]
    assert list(found) == list(OBSERVATIONS)
    assert set(found.values()) <= set(CLASSES)
    assert found["No Finding"] in CLASSES[:2]


@pytest.mark.models
def test_scores_are_those_of_the_published_code_to_five_digits(folder, model):
    texts = [*REPORTS, "a", "Two\n lines,  spaced ", LONG]
    wanted = published_chexbert(folder)(texts)
    for place, row in enumerate(model._network.scores(texts)):
        for observation, scores in enumerate(row):
            assert scores.tolist() == pytest.approx(wanted[observation][place].tolist(), abs=1e-5)


@pytest.mark.models
def test_a_text_has_the_same_labels_alone_and_in_any_batch(folder, model):
    alone = CheXbert(folder, "cpu", batch_size=1)
    assert model.labels(REPORTS) == [alone.labels([text])[0] for text in REPORTS]


@pytest.mark.models
def test_an_empty_text_is_labeled_as_the_published_code_does(folder, model):
    wanted = published_chexbert(folder)([""])
    found = model.labels([""])[0]
    assert list(found.values()) == [CLASSES[int(scores[0].argmax())] for scores in wanted]


@pytest.mark.models
def test_one_reference_for_many_learners_is_read_once(folder, monkeypatch):
    model = CheXbert(folder, "cpu")
    read = []
    inner = model._network.scores
    monkeypatch.setattr(model._network, "scores", lambda t: read.extend(t) or inner(t))
    model.f1(list(REPORTS), [REPORTS[0]] * len(REPORTS))
    assert sorted(read) == sorted(REPORTS)


def test_uncertain_counts_as_stated():
    one = labels(Edema="uncertain", Pneumonia="negative")
    assert measures.pair(one, labels(Edema="positive")) == chexbert.F1(1.0, 1.0)


def test_f1_by_hand():
    """Both say edema; the candidate adds a fracture, the reference a pleural effusion."""
    candidate = labels(Edema="positive", Fracture="positive")
    reference = labels(Edema="positive", Pleural_Effusion="positive")
    assert measures.pair(candidate, reference) == chexbert.F1(top5=2 / 3, all14=2 / 4)


def test_nothing_stated_by_either_side_has_no_f1():
    normal = labels(No_Finding="positive")
    assert measures.pair(normal, normal) == chexbert.F1(top5=None, all14=1.0)
    assert measures.pair(labels(), labels()) == chexbert.F1(None, None)


def test_micro_counts_all_together_and_macro_averages_the_observations():
    candidates = [labels(Edema="positive"), labels(Edema="positive", Cardiomegaly="positive")]
    references = [labels(Edema="positive"), labels(Edema="negative", Cardiomegaly="positive")]
    # Edema: 1 in both, 1 only in the candidate, F1 2/3; cardiomegaly 1; the others nowhere.
    assert chexbert.micro(candidates, references).top5 == pytest.approx(4 / 5)
    assert chexbert.macro(candidates, references).top5 == pytest.approx((2 / 3 + 1) / len(TOP_FIVE))
    assert chexbert.macro(candidates, references).all14 == pytest.approx((2 / 3 + 1) / 14)


@pytest.mark.models
def test_f1_of_texts_is_f1_of_their_labels(model):
    found = model.labels(REPORTS)
    assert model.f1(REPORTS[:2], REPORTS[2:4]) == [
        measures.pair(found[0], found[2]),
        measures.pair(found[1], found[3]),
    ]


@pytest.mark.models
@pytest.mark.parametrize("part", ["chexbert.pth", "tokenizer/config.json"])
def test_a_missing_part_is_named(folder, tmp_path, part):
    copy = shutil.copytree(folder, tmp_path / "copy")
    (copy / part).unlink()
    with pytest.raises(ModelProblem, match=part):
        CheXbert(copy, "cpu")


@pytest.mark.models
def test_a_damaged_checkpoint_is_refused(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "copy")
    whole = (copy / "chexbert.pth").read_bytes()
    (copy / "chexbert.pth").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelProblem, match="could not be loaded"):
        CheXbert(copy, "cpu")


@pytest.mark.models
def test_a_checkpoint_that_would_run_code_is_refused(folder, tmp_path):
    import pathlib

    import torch

    copy = shutil.copytree(folder, tmp_path / "copy")
    torch.save({"model_state_dict": {"a": pathlib.PurePosixPath("x")}}, copy / "chexbert.pth")
    with pytest.raises(ModelProblem, match="could not be loaded"):
        CheXbert(copy, "cpu")


@pytest.mark.models
def test_lists_of_different_length_are_refused(model):
    with pytest.raises(ValueError, match="1 candidates, but 2 references"):
        model.f1(["a"], ["b", "c"])
