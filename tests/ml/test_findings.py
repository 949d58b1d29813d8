"""Report text → findings: what is stated, denied, hedged, where, how large, since when."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml import findings, taxonomy
from ml.findings import tokens
from ml.findings.lexicon import lexicon
from ml.findings.model import Finding
from ml.findings.patterns import Matcher, parse
from ml.findings.spelling import right_word

pytestmark = pytest.mark.pure


def said(text: str, language: str = "en") -> dict[str, str]:
    """Label → presence; a label said twice has its last presence."""
    return {item.label: item.presence for item in findings.extract(text, language)}


def one(text: str, label: str, language: str = "en") -> Finding:
    """The only finding of a label."""
    [item] = [item for item in findings.extract(text, language) if item.label == label]
    return item


DENIED = [
    ("No pleural effusion, pneumothorax, or focal consolidation.", "pleural_effusion"),
    ("No pleural effusion, pneumothorax, or focal consolidation.", "pneumothorax"),
    ("No pleural effusion, pneumothorax, or focal consolidation.", "consolidation"),
    ("No pneumothorax or large pleural effusion.", "pleural_effusion"),
    ("The lungs are clear without evidence of pneumonia.", "pneumonia"),
    ("Negative for pneumothorax, pleural effusion or focal consolidation.", "consolidation"),
    ("The lungs are free of focal airspace disease.", "infiltration"),
    ("Pleural effusion is not seen.", "pleural_effusion"),
    ("The left pneumothorax has resolved.", "pneumothorax"),
    ("There is neither effusion nor pneumothorax.", "pneumothorax"),
    ("The heart is not enlarged.", "cardiomegaly"),
    ("Heart size is normal.", "cardiomegaly"),
    ("Low lung volumes without consolidation.", "consolidation"),
    ("No focal opacity to suggest pneumonia.", "pneumonia"),
    ("Pneumonia is unlikely.", "pneumonia"),
    ("Pneumothorax: none.", "pneumothorax"),
    ("The effusion is no longer seen.", "pleural_effusion"),
    ("No longer is there evidence of pneumothorax.", "pneumothorax"),
    ("The right PICC has been removed.", "catheter"),
]


@pytest.mark.parametrize(("text", "label"), DENIED)
def test_a_denied_finding_is_absent(text: str, label: str) -> None:
    assert said(text)[label] == "absent"


STATED = [
    ("No pneumothorax. Small left effusion.", "pleural_effusion"),
    ("No pneumothorax, but there is a small left effusion.", "pleural_effusion"),
    ("No pneumothorax and the heart is enlarged.", "cardiomegaly"),
    ("No effusion, the heart is enlarged.", "cardiomegaly"),
    ("No pleural effusion. Stable cardiomegaly.", "cardiomegaly"),
    ("Cardiomegaly without edema.", "cardiomegaly"),
    ("No change in the left pleural effusion.", "pleural_effusion"),
    ("No significant interval change in right basilar atelectasis.", "atelectasis"),
    ("Not only atelectasis but also pleural effusion is present.", "atelectasis"),
    ("Enlarged heart with no edema.", "cardiomegaly"),
    ("There is consolidation, no effusion.", "consolidation"),
    ("No effusion<br>Cardiomegaly", "cardiomegaly"),
    ("• No effusion • Cardiomegaly", "cardiomegaly"),
    ("1) No effusion 2) Cardiomegaly", "cardiomegaly"),
    ("1. No effusion 2. Cardiomegaly", "cardiomegaly"),
    ("No effusion\nCardiomegaly", "cardiomegaly"),
    ("No acute disease other than mild cardiomegaly.", "cardiomegaly"),
]


@pytest.mark.parametrize(("text", "label"), STATED)
def test_a_stated_finding_is_present_beside_a_denial_or_a_false_one(text: str, label: str) -> None:
    assert said(text)[label] == "present"


HEDGED = [
    ("Possible left pneumothorax.", "pneumothorax", "possible"),
    ("Opacities may represent pneumonia.", "pneumonia", "possible"),
    ("A small effusion cannot be excluded.", "pleural_effusion", "possible"),
    ("Cannot exclude a small effusion.", "pleural_effusion", "possible"),
    ("Findings suspicious for pneumonia.", "pneumonia", "possible"),
    ("? left effusion", "pleural_effusion", "possible"),
    ("Left basilar opacity, ?pneumonia.", "pneumonia", "possible"),
    ("Opacity which may reflect infiltrate.", "infiltration", "possible"),
    ("Probable small right effusion.", "pleural_effusion", "probable"),
    ("Density in the left base, likely atelectasis.", "atelectasis", "probable"),
]


@pytest.mark.parametrize(("text", "label", "certainty"), HEDGED)
def test_a_hedged_finding_is_uncertain(text: str, label: str, certainty: str) -> None:
    found = one(text, label)
    assert (found.presence, found.certainty) == ("uncertain", certainty)


def test_of_two_alternatives_each_is_present_and_probable() -> None:
    for text in ("Scarring or atelectasis in the left base.", "Scarring versus atelectasis."):
        for label in ("fibrotic_band", "atelectasis"):
            found = one(text, label)
            assert (found.presence, found.certainty) == ("present", "probable")
    hedged = one("This may represent scarring or atelectasis.", "atelectasis")
    assert (hedged.presence, hedged.certainty) == ("uncertain", "possible")


@pytest.mark.parametrize(
    "text",
    [
        "History of pneumonia.",
        "CT is recommended to exclude pneumothorax.",
        "If pneumonia is suspected, repeat the study.",
        "Evaluation for effusion is limited.",
        "Thyroid mass.",
        "No mass effect.",
        "",
        " \n\t ",
        "...",
        "Hello world, this is a letter to my friend.",
    ],
)
def test_what_is_only_spoken_of_is_no_finding(text: str) -> None:
    assert [item for item in findings.extract(text) if item.presence != "absent"] == []


SIDES = [
    ("Right pleural effusion.", "pleural_effusion", "right", ""),
    ("There is an effusion on the left.", "pleural_effusion", "left", ""),
    ("Bilateral effusions.", "pleural_effusion", "bilateral", ""),
    ("Left and right effusions.", "pleural_effusion", "bilateral", ""),
    ("Bibasilar atelectasis.", "atelectasis", "bilateral", "base"),
    ("Atelectasis in the left lower lobe.", "atelectasis", "left", "lower lobe"),
    ("Consolidation of the middle lobe.", "consolidation", "right", "middle lobe"),
    ("Atelectasis in the lingula.", "atelectasis", "left", "lingula"),
    ("RUL nodule.", "nodule_mass", "right", "upper lobe"),
    ("Biapical pleural thickening.", "pleural_thickening", "bilateral", "apex"),
    ("Scarring or atelectasis in the right base.", "fibrotic_band", "right", "base"),
    ("Opacity in the left base suggesting pneumonia.", "pneumonia", "left", "base"),
    ("Left lateral decubitus view shows a right effusion.", "pleural_effusion", "right", ""),
    ("Pacemaker leads end in the right atrium and right ventricle.", "heart_device", "", ""),
    ("Elevation of the right hemidiaphragm.", "elevated_diaphragm", "right", ""),
    ("The right hemidiaphragm is elevated.", "elevated_diaphragm", "right", ""),
]


@pytest.mark.parametrize(("text", "label", "side", "zone"), SIDES)
def test_side_and_zone_are_found(text: str, label: str, side: str, zone: str) -> None:
    found = one(text, label)
    assert (found.side, found.zone) == (side, zone)


def test_each_finding_of_a_sentence_has_its_own_side() -> None:
    text = "Left basilar atelectasis and small right pleural effusion."
    assert one(text, "atelectasis").side == "left"
    effusion = one(text, "pleural_effusion")
    assert (effusion.side, effusion.severity) == ("right", "small")


def test_a_finding_at_two_places_is_given_twice() -> None:
    found = findings.extract("Opacities in the right upper lobe and left lower lobe.")
    places = {(item.side, item.zone) for item in found}
    assert places == {("right", "upper lobe"), ("left", "lower lobe")}
    assert len({item.span for item in found}) == 1


def test_the_enlarged_heart_of_a_list_takes_no_side_of_its_neighbor() -> None:
    assert one("Cardiomegaly with left pleural effusion.", "cardiomegaly").side == ""


@pytest.mark.parametrize(
    ("text", "label", "size"),
    [
        ("A 4 mm nodule in the left upper lobe.", "nodule_mass", 4.0),
        ("Nodule measuring 1.2 cm in the right apex.", "nodule_mass", 12.0),
        ("A 2 x 3 cm mass in the left upper lobe.", "nodule_mass", 30.0),
        ("A 2 cm x 3 cm mass.", "nodule_mass", 30.0),
        ("A 3 cm x 2 mass.", "nodule_mass", 30.0),
        ("A mass of 2 cm by 3 in the left lung.", "nodule_mass", 30.0),
        ("A nodule of 4 mm x 2 cm.", "nodule_mass", 20.0),
        ("A nodule of 8 x 2 x 9 mm.", "nodule_mass", 9.0),
        ("Nodules, 2 x 3.", "nodule_mass", None),
        ("A nodule 2 cm to the left of the hilum.", "nodule_mass", None),
        ("A 12-mm nodule.", "nodule_mass", 12.0),
        ("A 12mm nodule.", "nodule_mass", 12.0),
        ("Nodule of 7 millimetres.", "nodule_mass", 7.0),
        ("Fracture of rib 7.", "fracture", None),
        ("A 9999 cm nodule.", "nodule_mass", None),
    ],
)
def test_sizes_are_read_in_millimeters(text: str, label: str, size: float | None) -> None:
    assert one(text, label).size_mm == size


@pytest.mark.parametrize(
    ("text", "label", "severity"),
    [
        ("Mildly enlarged heart.", "cardiomegaly", "mild"),
        ("The heart is severely enlarged.", "cardiomegaly", "severe"),
        ("Borderline heart size.", "cardiomegaly", "borderline"),
        ("Small to moderate left effusion.", "pleural_effusion", "small to moderate"),
        ("The effusion on the left is large.", "pleural_effusion", "large"),
        ("Moderate to severe degenerative changes.", "degenerative_spine", "moderate to severe"),
    ],
)
def test_severity_is_a_word_of_the_scale(text: str, label: str, severity: str) -> None:
    assert one(text, label).severity == severity


@pytest.mark.parametrize(
    ("text", "label", "change"),
    [
        ("New left effusion.", "pleural_effusion", "new"),
        ("The right effusion has increased.", "pleural_effusion", "increased"),
        ("Decreased right effusion.", "pleural_effusion", "decreased"),
        ("Unchanged cardiomegaly.", "cardiomegaly", "stable"),
        ("No interval change in the left effusion.", "pleural_effusion", "stable"),
        ("The pneumothorax has resolved.", "pneumothorax", "resolved"),
    ],
)
def test_change_over_time_is_found(text: str, label: str, change: str) -> None:
    assert one(text, label).change == change


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Left chest wall pacemaker.", "heart_device"),
        ("Right PICC ends in the superior vena cava.", "catheter"),
        ("Right IJ central venous catheter.", "catheter"),
        ("Right XXXX-a-XXXX is in place.", "catheter"),
        ("Endotracheal tube 4 cm above the carina.", "tube"),
        ("Nasogastric tube in the stomach.", "tube"),
        ("Sternotomy wires and mediastinal clips.", "surgical_material"),
        ("A bullet overlies the left chest.", "foreign_body"),
        ("Right shoulder arthroplasty.", "prosthesis"),
    ],
)
def test_devices_are_found(text: str, label: str) -> None:
    assert said(text)[label] == "present"


def test_the_tip_of_a_device_is_a_descriptor() -> None:
    found = one("Right PICC with its tip in the superior vena cava.", "catheter")
    assert "tip in superior vena cava" in found.descriptors
    assert found.side == "right"


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Small right plueral efusion.", "pleural_effusion"),
        ("Left pnuemothorax.", "pneumothorax"),
        ("Mild cardiomegly.", "cardiomegaly"),
        ("Consolodation of the right base.", "consolidation"),
        ("Pulmonary oedema.", "edema"),
        ("Haemothorax on the left.", "pleural_effusion"),
        ("Tumour in the left apex.", "nodule_mass"),
        ("Diffuse demineralisation.", "osteopenia"),
    ],
)
def test_typing_errors_and_british_spelling_are_read(text: str, label: str) -> None:
    assert said(text)[label] == "present"


@pytest.mark.parametrize("word", ["infusion", "infarction", "medical", "these", "hypotension"])
def test_a_right_word_is_never_corrected(word: str) -> None:
    assert right_word(word, "en") == ""


@pytest.mark.parametrize(
    ("text", "label", "presence"),
    [
        ("Blunting of the left costophrenic XXXX.", "blunted_angle", "present"),
        ("XXXX sternotomy XXXX.", "surgical_material", "present"),
        ("No XXXX infiltrates.", "infiltration", "absent"),
        ("Calcified hilar lymph XXXX.", "calcification", "present"),
    ],
)
def test_removed_words_are_read_over(text: str, label: str, presence: str) -> None:
    assert said(text)[label] == presence


SPANISH = [
    ("Derrame pleural izquierdo leve.", "pleural_effusion", "present", "left"),
    ("No se observan neumotórax ni consolidaciones.", "consolidation", "absent", ""),
    ("Sin derrame pleural.", "pleural_effusion", "absent", ""),
    ("Cardiomegalia sin signos de fallo cardíaco.", "cardiomegaly", "present", ""),
    ("Cardiomegalia sin signos de fallo cardíaco.", "edema", "absent", ""),
    ("Silueta cardíaca normal.", "cardiomegaly", "absent", ""),
    ("No se puede descartar neumonía en LID.", "pneumonia", "uncertain", "right"),
    ("Posible atelectasia en la base izquierda.", "atelectasis", "uncertain", "left"),
    ("Sin cambios del derrame pleural derecho.", "pleural_effusion", "present", "right"),
    ("Elongación aórtica.", "tortuous_aorta", "present", ""),
    ("Nódulo de 8 mm en LSD.", "nodule_mass", "present", "right"),
    ("Pinzamiento del seno costofrénico izquierdo.", "blunted_angle", "present", "left"),
    ("derrame pleural bilateral", "pleural_effusion", "present", "bilateral"),
    ("Marcapasos bicameral.", "heart_device", "present", ""),
    ("Resolución del derrame pleural derecho.", "pleural_effusion", "absent", "right"),
]


@pytest.mark.parametrize(("text", "label", "presence", "side"), SPANISH)
def test_spanish_is_read(text: str, label: str, presence: str, side: str) -> None:
    found = one(text, label, "es")
    assert (found.presence, found.side) == (presence, side)


def test_accents_may_be_composed_decomposed_or_left_out() -> None:
    for text in ("Neumotórax derecho.", "Neumoto\u0301rax derecho.", "Neumotorax derecho."):
        found = one(text, "pneumothorax", "es")
        assert text[slice(*found.span)] == text.split()[0]


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match="language must be one of en, es"):
        findings.extract("Effusion.", "xx")


@pytest.mark.parametrize(
    "text",
    [
        "<b>Left</b> pleural <i>effusion</i>.",
        "<script>alert('left pleural effusion')</script>",
        "Left\u200b pleural effusion \U0001f600.",
        "Left pleural\x00effusion\x07.",
        "LEFT PLEURAL EFFUSION!!!",
    ],
)
def test_markup_emoji_and_control_characters_do_no_harm(text: str) -> None:
    found = one(text, "pleural_effusion")
    assert found.presence == "present"
    assert "effusion" in text[slice(*found.span)].lower()


def test_a_hundred_kilobytes_are_read_and_each_sentence_alike() -> None:
    sentence = "Small right pleural effusion, no pneumothorax. "
    text = sentence * (100_000 // len(sentence))
    found = findings.extract(text)
    assert len(found) == 2 * text.count("effusion")
    assert {(item.label, item.presence) for item in found} == {
        ("pleural_effusion", "present"),
        ("pneumothorax", "absent"),
    }


def test_an_explanation_points_at_what_it_explains() -> None:
    text = "Opacity in the left base suggesting pneumonia."
    opacity, pneumonia = one(text, "lung_opacity"), one(text, "pneumonia")
    assert pneumonia.explains == opacity.span
    assert opacity.explains is None


def test_an_airspace_opacity_is_also_an_opacity() -> None:
    assert set(said("Left airspace opacity.")) == {"infiltration", "lung_opacity"}


PARTS = st.sampled_from(
    [
        *("small", "left", "right", "no", "possible", "and", "or", ",", "with", "without", "XXXX"),
        *("pleural effusion", "cardiomegaly", "nodule", "pneumothorax", "plueral efusion", "4 mm"),
        *("in the", "lower lobe", ".", "\n", "is not seen", "<b>", "\U0001f600", "\x00", "áé"),
    ]
)


@given(st.lists(PARTS, max_size=40))
def test_spans_point_at_words_of_the_text(parts: list[str]) -> None:
    text = " ".join(parts)
    for item in findings.extract(text):
        start, end = item.span
        assert 0 <= start < end <= len(text)
        assert text[start:end].strip() == text[start:end]
        assert item.label in taxonomy.labels()


@given(st.text(max_size=300), st.sampled_from(findings.LANGUAGES))
def test_any_text_is_read(text: str, language: str) -> None:
    for item in findings.extract(text, language):
        assert 0 <= item.span[0] < item.span[1] <= len(text)
        assert item.presence in ("present", "absent", "uncertain")


@given(st.lists(st.sampled_from([t for t, _ in DENIED + STATED]), min_size=2, max_size=5))
def test_a_sentence_is_read_alike_wherever_it_stands(sentences: list[str]) -> None:
    together = [(f.label, f.presence, f.side) for f in findings.extract("\n\n".join(sentences))]
    alone = [(f.label, f.presence, f.side) for s in sentences for f in findings.extract(s)]
    assert together == alone


@given(st.text(alphabet="abc .,;:?!\n1é\u0301", max_size=80))
def test_sentences_keep_the_places_of_their_tokens(text: str) -> None:
    for sentence in tokens.sentences(text):
        for token in sentence:
            said = tokens.plain(text[token.start : token.end])
            marks = (tokens.QUERY, tokens.ASKED) if said == "?" else ()
            assert token.word in (*marks, said, f"0{said}")


@pytest.mark.parametrize("language", findings.LANGUAGES)
def test_the_tables_of_a_language_are_sound(language: str) -> None:
    found = lexicon(language)
    assert {"and", "or", "with", "verb", "affirm", "stop"} <= set(found.words)
    data = Path(findings.__file__).parents[1] / "data"
    with (data / "zones.csv").open(encoding="utf-8") as stream:
        zones = {row["zone"] for row in csv.DictReader(stream)}
    with (data / "severity.csv").open(encoding="utf-8") as stream:
        severities = {row["word"] for row in csv.DictReader(stream)}
    with (data / "language" / language / "modifiers.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            if row["kind"] == "zone":
                assert row["value"] in zones
            if row["kind"] == "severity":
                assert row["value"] in severities


@pytest.mark.parametrize("source", ["", "..3 lung", "?lung", ">lung"])
def test_a_pattern_that_could_begin_anywhere_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match="must begin with a word"):
        parse(source)


def test_an_unknown_or_nested_class_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown class @hart"):
        Matcher([("large @hart", "x")], {})
    with pytest.raises(ValueError, match="must not use another class"):
        Matcher([], {"a": [parse("large @b")], "b": [parse("heart")]})


def test_extract_answers_the_published_keys() -> None:
    [found] = findings.answer_line({"text": "Possible 4 mm nodule in the right apex."})["findings"]
    assert set(found) == {
        *("label", "presence", "side", "zone", "severity", "size_mm", "certainty", "change"),
        *("span", "positions"),
    }
    assert found["label"] == "nodule_mass"
    assert found["presence"] == "uncertain"
    assert (found["side"], found["zone"], found["size_mm"]) == ("right", "apex", 4.0)
    assert found["severity"] is None
    assert found["change"] is None
    assert found["certainty"] == "possible"
    assert found["span"] == [14, 20]


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        ({}, "missing key 'text'"),
        ({"text": 3}, "text must be a string"),
        ({"text": "x", "language": "tlh"}, "language must be one of"),
        ({"text": "x" * 1_000_001}, "at most"),
    ],
)
def test_extract_says_what_is_wrong_with_a_line(item: dict[str, object], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        findings.answer_line(item)


def test_importing_the_package_loads_no_model_library() -> None:
    code = "import sys, ml.findings; print({'torch','transformers','spacy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("text", "language", "positions"),
    [
        ("Catheter is not in the SVC.", "en", ("malpositioned",)),
        ("The ETT is not in the trachea.", "en", ("malpositioned",)),
        ("The NG tube does not reach the stomach.", "en", ("malpositioned",)),
        ("Right PICC not in satisfactory position.", "en", ("malpositioned",)),
        ("ETT in the trachea, not in the right main bronchus.", "en", ("trachea",)),
        ("The endotracheal tube is not malpositioned.", "en", ("satisfactory",)),
        ("El catéter no está en la vena cava superior.", "es", ("malpositioned",)),
        ("Der ZVK liegt nicht in der Vena cava superior.", "de", ("malpositioned",)),
        ("La sonde gastrique n'est pas dans l'estomac.", "fr", ("malpositioned",)),
        ("A sonda nasogástrica não está no estômago.", "pt", ("malpositioned",)),
    ],
)
def test_a_device_is_there_whose_place_is_denied(text, language, positions):
    (device,) = findings.extract(text, language)
    assert (device.presence, device.positions) == ("present", positions)
