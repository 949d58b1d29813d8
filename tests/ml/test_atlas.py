"""The atlas: an entry for every label, and explanations that fit their case."""

from __future__ import annotations

import copy
import re
import tomllib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ml import atlas, taxonomy
from ml.atlas.entries import TABLE, entries_of
from ml.atlas.place import place_of
from ml.localize import Mark, Region, Truth, score

pytestmark = pytest.mark.pure

SLUGS = list(taxonomy.labels())
OTHER = {"left": "right", "right": "left"}
QUOTED = re.compile("“[^”]*”")
COMPARISON = re.compile(r"Compare with the (left|right) side at the same height\.")
BRITISH = re.compile(
    r"colour|tumour|oedema|oesoph|centre\b|haem|grey|fibre|calibre|aetiol|anaesth|licence", re.I
)

BOOKS = ("Thoracic Imaging", "Felson", "Fundamentals", "Keats", "Medical devices of the chest")

PLACES = (
    *("left", "right", "bilateral", "upper", "Basal", "left upper lobe", "right. hilum", "rib 6"),
    *("middle lobe", "lingula", "costophrenic angle", "subpleural", "lado derecho", "No!"),
)
SENTENCES = (
    *("Nodule of approx. 12 mm in the left base.", "Callo de fractura derecho.", "Why? ", "1.5"),
    *("Bilateral bands", "New in the right apex!", "“Old” scar, see Dr. Roe", "…", "\n"),
)
places = st.lists(st.sampled_from(PLACES), max_size=4).map(", ".join)
reports = st.lists(st.sampled_from(SENTENCES), max_size=4).map(" ".join)
cases = st.fixed_dictionaries(
    {
        "label": st.sampled_from(SLUGS),
        "side": st.sampled_from(["", "left", "right", "bilateral", "Left", "midline"]),
        "location": places | st.text(max_size=60),
        "size_mm": st.none() | st.floats(),
        "outcome": st.sampled_from(list(atlas.OUTCOMES)),
        "called": st.sampled_from(["", *SLUGS]),
        "sentence": reports | st.text(max_size=80),
    }
)


def explained(case):
    return atlas.explanation(case["label"], **{k: v for k, v in case.items() if k != "label"})


def sentences(text):
    """How many sentences a text has, a quoted report counting as part of its sentence."""
    return len(re.findall(r"[.!?](?=\s|$)", QUOTED.sub("", text)))


def texts(entry):
    yield from (entry.definition, entry.look, entry.where, entry.pitfalls, entry.tip, *entry.signs)
    yield from (mimic.tell for mimic in entry.mimics)
    yield from (text for text in (entry.box, entry.compare) if text)


@pytest.fixture
def tables():
    with TABLE.open("rb") as stream:
        return copy.deepcopy(tomllib.load(stream))


def test_it_works():
    text = atlas.explanation(
        "nodule_mass",
        side="right",
        location="upper",
        size_mm=12.2,
        sentence="Round nodule in the right upper zone. Heart normal.",
    )
    assert text.startswith(
        "You did not mark Nodule / mass in the right upper zone, about 12 mm across; "
        "the report says “Round nodule in the right upper zone”. Look for a rounded opacity"
    )
    assert "Compare with the left side at the same height." in text


def test_every_label_has_an_entry_in_the_order_of_the_taxonomy():
    assert list(atlas.entries()) == SLUGS
    for slug, label in taxonomy.labels().items():
        assert atlas.entry(slug).name == label.name
        assert bool(atlas.entry(slug).box) == (label.mode == "draw")


def test_every_slug_named_exists_and_look_alikes_name_each_other():
    for entry in atlas.entries().values():
        named = {mimic.label for mimic in entry.mimics if mimic.label}
        assert named <= set(entry.similar) <= set(SLUGS) - {entry.slug}
        assert all(entry.slug in atlas.entry(slug).similar for slug in entry.similar)


@pytest.mark.parametrize(
    ("field", "shortest", "longest"),
    [
        ("definition", 40, 180),
        ("look", 50, 150),
        ("where", 50, 200),
        ("pitfalls", 70, 280),
        ("tip", 30, 130),
    ],
)
def test_texts_are_neither_empty_words_nor_lectures(field, shortest, longest):
    for entry in atlas.entries().values():
        assert shortest <= len(getattr(entry, field)) <= longest, entry.slug


def test_signs_and_mimics_are_short_and_enough():
    for entry in atlas.entries().values():
        assert 2 <= len(entry.signs) <= 4
        assert all(20 <= len(sign) <= 170 for sign in entry.signs), entry.slug
        assert len(entry.mimics) >= 3
        assert all(50 <= len(mimic.tell) <= 200 for mimic in entry.mimics), entry.slug


def test_the_spelling_is_american():
    for entry in atlas.entries().values():
        for text in texts(entry):
            assert not BRITISH.search(text), (entry.slug, text)


def test_no_text_stands_twice():
    every = [text for entry in atlas.entries().values() for text in texts(entry)]
    assert sorted(every) == sorted(set(every))


def test_a_summary_is_one_sentence():
    for slug in SLUGS:
        assert sentences(atlas.summary(slug)) == 1


def test_every_entry_names_a_book_to_check_it_by_and_says_who_did():
    tables = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    glossary = 0
    for slug, entry in atlas.entries().items():
        assert {"reviewed_by", "reviewed_on"} <= set(tables[slug]), slug
        assert any(book in entry.sources[0] for book in BOOKS), slug
        glossary += any(source.endswith("(the term)") for source in entry.sources)
    assert glossary >= 15


def test_every_entry_says_whether_the_glossary_has_its_term():
    said = ("(the term)", "(no term of this name)", "(not checked whether it has the term)")
    for slug, entry in atlas.entries().items():
        (glossary,) = [source for source in entry.sources if "Fleischner glossary" in source]
        assert glossary.endswith(said), slug


def test_who_reviewed_an_entry_is_read(tables):
    tables["fracture"].update(reviewed_by="Dr. A", reviewed_on="2026-03-31")
    entry = entries_of(tables)["fracture"]
    assert (entry.reviewed_by, entry.reviewed_on) == ("Dr. A", "2026-03-31")


def test_labels_of_one_group_are_look_alikes():
    for slug, entry in atlas.entries().items():
        mates = {s for s in SLUGS if taxonomy.group_of(s) == taxonomy.group_of(slug)} - {slug}
        assert mates <= set(entry.similar), slug


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda e: e.pop("tip"), "no text for 'tip'"),
        (lambda e: e.pop("box"), "no text for 'box'"),
        (lambda e: e.update(advice="x"), "unknown key 'advice'"),
        (lambda e: e.update(window="brain"), "unknown window 'brain'"),
        (lambda e: e.update(signs=["One sign."]), "1 signs"),
        (lambda e: e.update(signs="One sign. Two."), "no list 'signs'"),
        (lambda e: e.update(tip="Look. And look again."), "at most 1 whole sentence"),
        (lambda e: e.update(tip="Look at ribs"), "at most 1 whole sentence"),
        (lambda e: e.update(tip="Look at the left ribs."), "names a side"),
        (lambda e: e.update(look="A step."), "does not complete"),
        (lambda e: e.update(definition="A  break."), "white space"),
        (lambda e: e.update(pitfalls="So " * 200 + "on."), "more than"),
        (lambda e: e["similar"].append("osteoporosis"), "names 'osteoporosis' as similar"),
        (lambda e: e["similar"].append("edema"), "not the other way round"),
        (lambda e: e["similar"].remove("nodule_mass"), "not the other way round"),
        (lambda e: e["mimics"].append({"label": "edema", "tell": "No."}), "not among the similar"),
        (lambda e: e["similar"].append("nodule_mass"), "twice"),
        (lambda e: e["mimics"].append({"label": "fracture", "tell": "No."}), "as a mimic"),
        (lambda e: e["mimics"].append({"label": "nodule", "tell": "No."}), "as a mimic"),
        (lambda e: e["mimics"].append({"tell": "No."}), "not a label or a name"),
        (lambda e: e["mimics"].append({"name": "Rib", "tell": "On the right."}), "names a side"),
        (lambda e: e.update(mimics=[]), "no mimics"),
        (lambda e: e.pop("sources"), "no list 'sources'"),
        (lambda e: e.pop("reviewed_by"), "reviewed_by and reviewed_on"),
        (lambda e: e.update(reviewed_by="Dr. A"), "both filled or both empty"),
        (lambda e: e.update(reviewed_on="2026-03-31"), "both filled or both empty"),
        (lambda e: e.update(reviewed_by="Dr. A", reviewed_on="last week"), "that is no day"),
    ],
)
def test_a_faulty_entry_is_refused_by_name(tables, change, message):
    change(tables["fracture"])
    with pytest.raises(ValueError, match=message) as caught:
        entries_of(tables)
    assert re.search(r"entry '(fracture|nodule_mass|bone_lesion)'", str(caught.value))


def test_a_missing_or_unknown_entry_is_refused_by_name(tables):
    with pytest.raises(ValueError, match="'osteoporosis' is not a label"):
        entries_of({**tables, "osteoporosis": tables["osteopenia"]})
    with pytest.raises(ValueError, match="'bone_lesion' is not a table"):
        entries_of({**tables, "bone_lesion": "text"})
    del tables["edema"]
    with pytest.raises(ValueError, match="'edema' is missing"):
        entries_of(tables)


def test_unknown_labels_and_outcomes_are_refused():
    with pytest.raises(ValueError, match="no label 'nodule'"):
        atlas.explanation("nodule")
    with pytest.raises(ValueError, match="no label 'nodule'"):
        atlas.explanation("fracture", outcome="wrong_label", called="nodule")
    with pytest.raises(ValueError, match="Unknown outcome 'lost'"):
        atlas.explanation("fracture", outcome="lost")


@given(cases)
def test_an_explanation_has_two_to_four_sentences(case):
    text = explained(case)
    assert 2 <= sentences(text) <= 4, text
    assert text == " ".join(text.split())
    assert len(text) <= 1100


@given(cases)
def test_an_explanation_names_the_label(case):
    assert taxonomy.labels()[case["label"]].name in explained(case)


@given(cases)
@example(
    {
        **{"label": "fracture", "side": "left", "location": "right upper lobe", "size_mm": None},
        **{"outcome": "missed", "called": "", "sentence": "Fracture of the right sixth rib."},
    }
)
def test_an_explanation_names_the_side_and_the_other_only_to_compare_with(case):
    text, side = explained(case), case["side"].lower()
    if side in OTHER:
        assert all(found == OTHER[side] for found in COMPARISON.findall(text))
        rest = COMPARISON.sub("", text)
        assert re.search(rf"\b{side}\b", rest), text
        assert not re.search(rf"\b{OTHER[side]}\b", rest, re.IGNORECASE), text
    elif side == "bilateral":
        assert "on both sides" in text
        assert not COMPARISON.search(text)


@given(st.sampled_from(SLUGS), st.sampled_from(SLUGS), st.sampled_from(["left", "right", ""]))
def test_a_wrong_label_explanation_names_both_labels(label, called, side):
    text = atlas.explanation(label, side=side, outcome="wrong_label", called=called)
    assert taxonomy.labels()[label].name in text
    if called != label:
        assert text.startswith(f"You called it {taxonomy.labels()[called].name}, but it is")


def test_a_wrong_label_explanation_tells_the_two_apart_in_either_direction():
    for entry in atlas.entries().values():
        for mimic in (mimic for mimic in entry.mimics if mimic.label):
            for one, other in ((entry.slug, mimic.label), (mimic.label, entry.slug)):
                text = atlas.explanation(one, outcome="wrong_label", called=other)
                tell = atlas.tell_apart(one, other)
                assert tell
                assert tell in text


def test_without_a_comparison_both_pictures_are_told():
    assert atlas.tell_apart("atelectasis", "fracture") == ""
    text = atlas.explanation("atelectasis", outcome="wrong_label", called="fracture")
    assert f"Look for {atlas.entry('atelectasis').look}." in text
    assert f"Fracture would instead give {atlas.entry('fracture').look}." in text


@pytest.mark.parametrize("slug", SLUGS)
def test_a_false_explanation_says_what_the_label_needs_and_what_deceives(slug):
    entry = atlas.entry(slug)
    text = atlas.explanation(slug, outcome="false", side="left")
    assert f"look for {entry.look}." in text
    assert entry.mimics[0].tell in text
    assert "did not" not in text


@pytest.mark.parametrize("slug", [s for s in SLUGS if taxonomy.labels()[s].mode == "draw"])
def test_a_poorly_located_explanation_says_what_the_box_holds(slug):
    assert atlas.entry(slug).box in atlas.explanation(slug, outcome="poorly_located")


def test_labels_without_a_mirror_have_a_comparison_of_their_own():
    text = atlas.explanation("cardiomegaly")
    assert "Compare the width of the heart with half the inner width of the chest." in text


@pytest.mark.parametrize(
    ("size", "told"),
    [(8.0, "8 mm"), (45.4, "45 mm"), (None, ""), (0, ""), (-3, ""), (float("nan"), "")],
)
def test_the_size_is_told_when_it_is_one(size, told):
    text = atlas.explanation("nodule_mass", size_mm=size)
    assert (f", about {told} across. " in text) if told else (" across. " not in text)


@pytest.mark.parametrize(
    ("side", "location", "phrase"),
    [
        ("right", "upper", "in the right upper zone"),
        ("left", "left, basal", "at the left base"),
        ("", "left lower lobe", "in the left lower lobe"),
        ("", "lower lobe", "in the lower lobe"),
        ("left", "", "on the left side"),
        ("left", "rib cage, lateral", "on the left side (rib cage, lateral)"),
        ("bilateral", "right, left, apical", "on both sides (apex)"),
        ("bilateral", "right apex, hilar bilateral", "on both sides (right apex, hilum)"),
        ("", "right, left", "on both sides"),
        ("left", "right base", "on the left side"),
        ("left", "middle lobe", "on the left side"),
        ("right", "lower_lobe.", "in the right lower lobe"),
        ("", "dorsal vertebrae", "(dorsal vertebrae)"),
        ("", "", ""),
        ("left", "zone " * 80, "on the left side"),
        ("", "retrocardiac", "behind the heart"),
        ("left", "perihilar", "around the hilum on the left side"),
    ],
)
def test_a_place_in_words(side, location, phrase):
    assert place_of(side, location).phrase == phrase


@pytest.mark.parametrize(
    ("side", "sentence", "quote"),
    [
        ("left", "See approx. 2 nodules. New.", "See approx. 2 nodules"),
        ("left", "Callo de fractura costal derecho.", ""),
        ("left", "Bilateral apical nodules.", ""),
        ("left", "LLL nodule is new!", "LLL nodule is new"),
        ("bilateral", "Nodules, right more than left.", "Nodules, right more than left"),
        ("", 'A so-called "coin" lesion.', "A so-called 'coin' lesion"),
        ("left", "Nodule.", ""),
        ("left", "word " * 60, ""),
    ],
)
def test_the_report_is_quoted_where_it_fits(side, sentence, quote):
    text = atlas.explanation("nodule_mass", side=side, sentence=sentence)
    assert QUOTED.findall(text) == ([f"“{quote}”"] if quote else [])


def test_a_false_mark_quotes_no_report():
    text = atlas.explanation("nodule_mass", outcome="false", sentence="Nodule at the left base.")
    assert not QUOTED.search(text)


@pytest.mark.parametrize(
    ("label", "known", "said", "unsaid"),
    [
        ("cardiomegaly", {"location": "heart"}, "You did not name Cardiomegaly.", "at the heart"),
        (
            "elevated_diaphragm",
            {"location": "right hemidiaphragm"},
            "Elevated hemidiaphragm / eventration on the right side",
            "at the right hemidiaphragm",
        ),
        ("pneumothorax", {"size_mm": 27}, "about 27 mm deep", "across"),
        ("atelectasis", {"size_mm": 73}, "about 73 mm long", "across"),
        (
            "scoliosis",
            {"side": "left", "location": "thoracic spine"},
            ", convex to the left.",
            "left thoracic spine",
        ),
        ("hiatal_hernia", {"location": "retrocardiac"}, "Hiatal hernia behind the heart", "(retro"),
        (
            "cardiomegaly",
            {"measured": "a cardiothoracic ratio of 0.58"},
            "; the report gives a cardiothoracic ratio of 0.58.",
            "says",
        ),
        ("postoperative_change", {}, "sternum was opened", "Compare breasts"),
    ],
)
def test_a_miss_is_told_in_words_that_fit_the_label(label, known, said, unsaid):
    text = atlas.explanation(label, **known)
    assert said in text
    assert unsaid not in text


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("Cardiomegaly (cardiothoracic ratio 0.58).", "a cardiothoracic ratio of 0.58"),
        ("CTR of .61", "a cardiothoracic ratio of 0.61"),
        ("Tip 3.9 cm above the carina.", "the tip 3.9 cm above the carina"),
        ("Heart enlarged.", ""),
    ],
)
def test_what_a_report_measured_is_found_in_its_words(sentence, found):
    assert atlas.measured_in(sentence) == found


def square(x, y, half=0.02):
    return (x - half, y - half, x + half, y + half)


@pytest.mark.parametrize(
    ("label", "at", "mimic"),
    [
        ("nodule_mass", (0.36, 0.25), "first rib"),
        ("nodule_mass", (0.64, 0.25), "first rib"),
        ("nodule_mass", (0.72, 0.66), "nipple"),
        ("nodule_mass", (0.38, 0.45), "vessel seen end on"),
        ("nodule_mass", (0.57, 0.7), "hiatal hernia"),
        ("nodule_mass", (0.5, 0.3), "spur"),
        ("nodule_mass", (0.93, 0.4), "scapula"),
        ("consolidation", (0.3, 0.65), "breast"),
        ("consolidation", (0.3, 0.4), "atelectasis"),
        ("calcification", (0.36, 0.25), "cartilage"),
        ("pneumothorax", (0.88, 0.4), "skin fold"),
    ],
)
def test_a_false_mark_is_told_what_deceives_at_its_place(label, at, mimic):
    spots = atlas.spots_of(square(*at))
    text = atlas.explanation(label, outcome="false", spots=spots)
    assert mimic in text.lower()
    assert mimic == "nipple" or "nipple" not in text.lower()


def test_a_false_mark_is_told_what_really_lies_there():
    text = atlas.explanation("pneumothorax", outcome="false", there="bulla")
    assert text.startswith("The truth of this case has no Pneumothorax; what lies there is Bulla.")
    assert atlas.tell_apart("pneumothorax", "bulla") in text


def test_it_explains_every_outcome_of_the_drawing_game():
    places = [(0.1 + 0.2 * i, 0.1, 0.2 + 0.2 * i, 0.2) for i in range(4)]
    drawn = Truth(
        "n", "nodule_mass", "draw", tuple(Region(f"n{i}", p) for i, p in enumerate(places))
    )
    marks = [
        Mark("hit", "nodule_mass", places[0]),
        Mark("duplicate", "nodule_mass", places[0]),
        Mark("poorly_located", "nodule_mass", (0.39, 0.1, 0.49, 0.2)),
        Mark("wrong_label", "fracture", places[2]),
        Mark("false", "bulla", (0.1, 0.8, 0.2, 0.9)),
    ]
    result = score([drawn], marks, ["pneumothorax"])
    found = [(row.label, row.outcome) for row in (*result.truths, *result.marks, *result.ticks)]
    assert {outcome for _, outcome in found} == set(atlas.OUTCOMES)
    for label, outcome in found:
        assert taxonomy.labels()[label].name in atlas.explanation(label, outcome=outcome)
