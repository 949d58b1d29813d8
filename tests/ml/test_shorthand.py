"""What trainees really type: answers, lists without stops, lines, short forms, several places.

A row is a text and what it says: label, sign (+ present, - absent, ? uncertain), then side, zone,
severity, change or size where they matter.
"""

from __future__ import annotations

import pytest

from ml import findings
from ml.findings.model import Finding
from ml.findings.unread import unread

pytestmark = pytest.mark.pure

SIGNS = {"present": "+", "absent": "-", "uncertain": "?"}


def read(text: str, language: str = "en") -> list[str]:
    return sorted(f"{f.label}{SIGNS[f.presence]}" for f in findings.extract(text, language))


def told(found: Finding) -> set[str]:
    size = f"{found.size_mm:g}" if found.size_mm else ""
    return {found.side, found.zone, found.severity, found.change, size} - {""}


ANSWERS = [
    ("Ascites: no. Hydrothorax: no.", "pleural_effusion-"),
    ("Atelectasis - nil\nFracture - yes", "atelectasis- fracture+"),
    ("Nodule (-), fracture (+)", "nodule_mass- fracture+"),
    ("Edema -ve. Emphysema +ve.", "edema- emphysema+"),
    ("Scoliosis? Yes. Hiatal hernia? No. Bulla? None.", "scoliosis+ bulla- hiatal_hernia-"),
    ("Nodule, mass, fracture: none.", "nodule_mass- nodule_mass- fracture-"),
    ("Small left effusion, nodule: none", "pleural_effusion+ nodule_mass-"),
    ("Edema: no, atelectasis: not seen, fracture: possible", "edema- atelectasis- fracture?"),
    ("Atelectasis?", "atelectasis?"),
    ("? edema ? atelectasis", "edema? atelectasis?"),
    ("Heart size: WNL", "cardiomegaly-"),
    ("Edema (-) Nodule (+) Fracture (-)", "edema- nodule_mass+ fracture-"),
    ("Scoliosis [x] Edema [ ] Nodule [ ]", "scoliosis+ edema- nodule_mass-"),
    ("[x] Scoliosis\n[ ] Edema\n[ ] Nodule", "scoliosis+ edema- nodule_mass-"),
    ("☐ edema ☒ nodule ☐ fracture", "edema- nodule_mass+ fracture-"),
    ("Edema....... none", "edema-"),
    ("Edema… small on the left", "edema+"),
    ("Edema\tno\nNodule\tno\nFracture\tyes", "edema- nodule_mass- fracture+"),
    ("Edema    no\nFracture    yes\nNodule    no", "edema- fracture+ nodule_mass-"),
    ("| Finding | Present |\n|---|---|\n| Nodule | Yes |\n| Edema | No |", "nodule_mass+ edema-"),
    ("No edema | left nodule", "edema- nodule_mass+"),
]
LISTS = [
    ("no edema moderate scoliosis", "edema- scoliosis+"),
    ("no nodule left basal atelectasis", "nodule_mass- atelectasis+"),
    ("no edema, nodule or fracture", "edema- nodule_mass- fracture-"),
    ("No edema or nodule, large bulla", "edema- nodule_mass- bulla+"),
    ("No edema, biapical scarring, scoliosis", "edema- fibrotic_band+ scoliosis+"),
    ("No edema, nodule, apical scarring is present", "edema- nodule_mass- fibrotic_band+"),
    ("No edema & mild scoliosis", "edema- scoliosis+"),
    ("No edema / mild scoliosis", "edema- scoliosis+"),
    ("No edema -> mild scoliosis", "edema- scoliosis+"),
    ("No acute, displaced fracture is seen", "fracture-"),
    ("No edema/nodule/fracture", "edema- nodule_mass- fracture-"),
    ("Apart from mild scoliosis the film is normal.", "scoliosis+"),
    ("Removal of the chest tube, right PICC and NG tube.", "tube- tube- catheter-"),
    (
        "Differential includes edema, small infiltrate, and nodule.",
        "edema? infiltration? nodule_mass?",
    ),
    ("Possible edema and atelectasis.", "edema? atelectasis?"),
    ("Possible edema and mild scoliosis.", "edema? scoliosis+"),
    ("Cannot exclude nodule, edema and fracture.", "nodule_mass? edema? fracture?"),
    ("Edema unlikely, atelectasis likely.", "edema- atelectasis?"),
    ("Unlikely edema.", "edema-"),
    ("Nodule versus nipple shadow.", "nodule_mass?"),
    ("Atelectasis rather than pneumonia.", "atelectasis+ pneumonia-"),
]
DENIED_RESOLUTION = [
    ("The edema hasn't resolved.", "edema+"),
    ("The edema has failed to clear.", "edema+"),
    ("No resolution of the edema.", "edema+"),
    ("The edema has resolved.", "edema-"),
    ("Edema isn't excluded.", "edema?"),
    ("The edema is not absent.", "edema?"),
    ("The absence of edema cannot be confirmed.", "edema?"),
]
LINES = [
    ("No\n     edema.", "edema-"),
    ("NO EVIDENCE OF\nEDEMA.", "edema-"),
    ("MILD\nEDEMA. NO NODULE.", "edema+ nodule_mass-"),
    ("No edema,\nNodule or fracture.", "edema- nodule_mass- fracture-"),
    ("No edema\nScoliosis", "edema- scoliosis+"),
    ("No edema\rScoliosis", "edema- scoliosis+"),
    ("No edema\\.br\\Scoliosis", "edema- scoliosis+"),
    ("No edema\n- scoliosis\n- bulla", "edema- scoliosis+ bulla+"),
    ("1. no edema\n2. scoliosis", "edema- scoliosis+"),
    ("Left pneumo-\nthorax.", "pneumothorax+"),
    ("Nodule of\n8 mm.", "nodule_mass+"),
    ("a) scoliosis b) no edema c) old fracture", "scoliosis+ edema- fracture+"),
    ("No acute cardiopulm abn. left nodule", "nodule_mass+"),
    ("no eff. scoliosis.", "pleural_effusion- scoliosis+"),
    ("Small eff. on the left.", "pleural_effusion+"),
]
SECTIONS = [
    ("HISTORY: edema, nodule.\nFINDINGS: Scoliosis.", "scoliosis+"),
    ("Hx: edema? Findings: Scoliosis.", "scoliosis+"),
    ("CLINICAL DETAILS: edema. REPORT: Scoliosis.", "scoliosis+"),
    ("INDICATION:\nEdema.\nNodule.\n\nFINDINGS:\nScoliosis.", "scoliosis+"),
    ("Scoliosis. RECOMMENDATION: CT for the nodule.", "scoliosis+"),
    ("Cough // ? edema\nScoliosis.", "scoliosis+"),
    ("Comparison: none\nScoliosis.", "scoliosis+"),
    ("ADDENDUM: Scoliosis.", "scoliosis+"),
    ("Request: exclude edema. Scoliosis.", "scoliosis+"),
]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [*ANSWERS, *LISTS, *DENIED_RESOLUTION, *LINES, *SECTIONS],
)
def test_short_hand_is_read_as_it_is_meant(text: str, wanted: str) -> None:
    assert read(text) == sorted(wanted.split())


SPANISH = [
    ("Edema: no. Fractura: no.", "edema- fracture-"),
    ("¿Edema? No.", "edema-"),
    ("sin edema escoliosis leve", "edema- scoliosis+"),
    ("No edema, escoliosis moderada", "edema- scoliosis+"),
    ("Edema descartado.", "edema-"),
    ("No se descarta edema.", "edema?"),
    ("Ha desaparecido el edema.", "edema-"),
    ("No ha desaparecido el edema.", "edema+"),
    ("Se ha retirado el tubo.", "tube-"),
    ("No hay edema. Tampoco se observa neumotórax.", "edema- pneumothorax-"),
    ("SIN\nEDEMA.", "edema-"),
    ("Motivo: edema. Hallazgos: escoliosis.", "scoliosis+"),
]


@pytest.mark.parametrize(("text", "wanted"), SPANISH)
def test_spanish_short_hand_is_read_as_it_is_meant(text: str, wanted: str) -> None:
    assert read(text, "es") == sorted(wanted.split())


PLACES = [
    ("Small left and moderate right effusions.", [{"left", "small"}, {"right", "moderate"}]),
    ("Effusion: right small, left large.", [{"right", "small"}, {"left", "large"}]),
    (
        "Opacities in the left upper and right lower lobes.",
        [{"left", "upper lobe"}, {"right", "lower lobe"}],
    ),
    (
        "8 mm nodule in the left base\n12 mm nodule in the right apex",
        [{"left", "base", "8"}, {"right", "apex", "12"}],
    ),
    (
        "Nodules: 8 mm in the RUL, 12 mm in the LLL.",
        [{"right", "upper lobe", "8"}, {"left", "lower lobe", "12"}],
    ),
    ("The right lung is clear and there is left effusion.", [{"left"}]),
    ("Right effusion; left lung clear.", [{"right"}]),
    ("The left is normal whereas the right shows effusion.", [{"right"}]),
    ("Effusion R>L.", [{"bilateral"}]),
    ("Elevated left hemidiaphragm compared with the right.", [{"left"}]),
    ("RUZ opacity.", [{"right", "upper zone"}]),
    ("Bibasilar opacities, worse on the left.", [{"bilateral", "base"}]),
    (
        "Small effusion on the right and a large one on the left.",
        [{"small", "right"}, {"large", "left"}],
    ),
]


@pytest.mark.parametrize(("text", "wanted"), PLACES)
def test_every_place_has_its_own_degree_and_size(text: str, wanted: list[set[str]]) -> None:
    found = [told(item) for item in findings.extract(text) if item.presence == "present"]
    assert len(found) == len(wanted)
    assert all(item in found for item in wanted)


def test_a_change_behind_a_list_is_that_of_every_item() -> None:
    found = findings.extract("Effusion and consolidation have decreased.")
    assert [item.change for item in found] == ["decreased", "decreased"]


def test_an_ambiguous_short_form_is_told_and_one_that_the_context_settles_is_read() -> None:
    assert [item.words for item in unread("CM. No effusion.", "en")] == ["CM"]
    assert unread("Mild CM. 3 cm nodule.", "en") == []
    assert read("Mild CM.") == ["cardiomegaly+"]


def test_a_word_that_is_not_understood_is_told_once() -> None:
    assert [item.words for item in unread("CM seen. CM again. No effusion.", "en")] == ["CM"]
    assert [item.words for item in unread("CM seen.", "en")] == ["CM"]


def test_rows_for_removed_words_are_read_only_where_words_were_removed() -> None:
    assert read("Right subclavian XXXX in place.") == ["catheter+"]
    assert read("Right subclavian xxxx in place.") == []


def test_a_sentence_of_which_nothing_is_understood_is_told() -> None:
    assert [item.words for item in unread("Zorp blah quux. No effusion.", "en")] == [
        "Zorp blah quux"
    ]
    assert unread("The lungs are clear. Heart size is normal.", "en") == []
    for text in ("Suspicious for malignancy.", "Findings suspicious for malignancy."):
        assert [item.words for item in unread(text, "en")] == [text.rstrip(".")]
    assert unread("Right upper lobe mass suspicious for malignancy.", "en") == []
    assert unread("Chest CT may be helpful.", "en") == []


VARIANTS = {
    "en": (
        *("Azygos lobe.", "Pectus excavatum.", "Bilateral cervical ribs.", "Nipple shadows."),
        *(
            "Mild pectus carinatum deformity.",
            "Skin fold on the left.",
            "Companion shadow above it.",
        ),
    ),
    "es": (
        *("Cisura ácigos.", "Pectus excavatum.", "Costilla cervical izquierda."),
        *("Sombras mamilares bilaterales.", "Pliegue cutáneo.", "Tórax en embudo."),
    ),
    "de": (
        *("Lobus venae azygos.", "Trichterbrust.", "Halsrippe links.", "Hautfalte links."),
        *("Mamillenschatten beidseits.", "Begleitschatten der Klavikula."),
    ),
    "fr": (
        *("Lobe azygos.", "Pectus excavatum.", "Côte cervicale gauche.", "Pli cutané."),
        *("Ombre du mamelon droit.", "Thorax en entonnoir."),
    ),
    "pt": (
        *("Fissura ázigos.", "Pectus excavatum.", "Costela cervical à esquerda."),
        *("Sombra do mamilo direito.", "Prega cutânea.", "Tórax em funil."),
    ),
}


@pytest.mark.parametrize("language", VARIANTS)
def test_a_normal_variant_is_understood_and_no_finding(language: str) -> None:
    for text in VARIANTS[language]:
        assert findings.extract(text, language) == []
        assert unread(text, language) == []


@pytest.mark.parametrize(
    ("text", "positions"),
    [
        ("Catheter no longer in the SVC.", ("malpositioned",)),
        ("The ET tube is no longer in the right main bronchus.", ()),
        (
            "ETT previously in the right main bronchus, now 4 cm above the carina.",
            ("above carina",),
        ),
        ("Central line tip previously in the SVC.", ()),
        ("Central line tip in the SVC as previously.", ("superior vena cava",)),
    ],
)
def test_a_device_that_left_its_place_is_still_there(text: str, positions: tuple[str, ...]) -> None:
    [found] = findings.extract(text)
    assert (found.presence, found.positions) == ("present", positions)


@pytest.mark.parametrize("words", ["no longer seen", "no longer in place", "no longer present"])
def test_a_device_that_is_no_longer_there_is_gone(words: str) -> None:
    [found] = findings.extract(f"NG tube {words}.")
    assert found.presence == "absent"
