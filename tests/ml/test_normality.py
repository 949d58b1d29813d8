"""A normal study is called normal in words of the chest, and without a doubt."""

from __future__ import annotations

import pytest

from ml import evaluate, tables
from ml.evaluate import checks
from ml.findings import LANGUAGES, normality

pytestmark = pytest.mark.pure

NORMAL = {
    "en": "The lungs are clear. The heart is normal in size. No pleural effusion.",
    "es": "Los pulmones están libres. Corazón normal. Sin derrame pleural.",
    "de": "Lunge frei. Herz normal groß. Kein Erguss.",
    "fr": "Poumons clairs. Cœur normal. Pas d'épanchement pleural.",
    "pt": "Pulmões livres. Coração normal. Sem derrame pleural.",
}
SAYS_NOTHING = {
    "en": (
        "Possibly normal.",
        "Maybe normal?",
        "Could be normal.",
        "Might be a normal chest.",
        "Normal?",
        "?normal",
        "Perhaps the heart is normal.",
        "Normal or not, hard to say.",
        "Cannot say that it is normal.",
        "Uncertain whether normal.",
        "I hope it is normal.",
        "Should be normal.",
        "Heart size possibly normal.",
        "The patient is stable.",
        "Stable.",
        "Patient clinically unchanged.",
        "Normal temperature.",
        "Temperature normal, pulse normal.",
        "Normal vital signs.",
        "Normal oxygen saturation.",
        "Blood pressure within normal limits.",
        "normal ECG",
        "Clear image quality.",
        "Image quality is normal.",
        "Normal exposure.",
        "Normal positioning.",
        "Normal technique",
        "Good inspiration.",
        "Well inspired film.",
        "Well inspired",
        "Normal inspiration.",
        "Adequate inspiration and penetration.",
        "No rotation.",
        "Not rotated.",
        "The film is not rotated.",
        "No motion artifact.",
        "Normal patient.",
        "Clear history of cough.",
        "Normal appetite",
        "Free of pain.",
        "No pain.",
        "No fever.",
        "No cough or dyspnea.",
        "No history of trauma.",
        "No prior study.",
        "No comparison available.",
        "No ECG leads.",
        "Previous film normal.",
        "Prior study was normal.",
        "History unremarkable.",
        "Clinical exam normal.",
        "Normal breath sounds.",
        "Abdomen normal.",
        "CT normal.",
        "Midline.",
        "Unchanged.",
        "The markers are intact.",
        "If normal, discharge.",
        "Repeat until normal.",
        "No change.",
        "Fine.",
        "Exposure is adequate.",
        "Full inspiration. Not rotated. Well exposed.",
        "The image is clear.",
        "The picture is clear and sharp.",
        "unremarkable technique",
        "Unsatisfactory appearances.",
        "Chest drain normal.",
        "Tubes satisfactory.",
        "Nothing to see in the abdomen.",
        "I want to see the chest.",
        "Age-appropriate vitals.",
        "Satisfactory position of the tube.",
        "Appropriate for age inspiration",
        "not age appropriate",
    ),
    "es": (
        "Posiblemente normal.",
        "Quizás sea normal.",
        "Podría ser normal.",
        "Tórax posiblemente normal.",
        "Temperatura normal.",
        "Constantes normales.",
        "El paciente está estable.",
        "Calidad de imagen normal.",
        "Buena inspiración.",
        "Inspiración normal.",
        "Analítica normal.",
        "Placa previa normal.",
        "Auscultación normal.",
        "ECG normal",
        "Si es normal, alta.",
        "Sin cambios.",
        "Quizá no hay derrame.",
        "Pulmones no limpios.",
        "ECG sin alteraciones.",
        "Abdomen sin hallazgos.",
        "Analítica sin anomalías.",
        "Quizás limpios",
        "Posiblemente sin alteraciones",
        "No alteraciones en el ECG",
        "DLN el laboratorio",
    ),
    "de": (
        "Möglicherweise normal.",
        "Vielleicht unauffällig.",
        "Thorax eventuell unauffällig.",
        "Temperatur normal.",
        "Vitalparameter normal.",
        "Der Patient ist stabil.",
        "Normale Bildqualität.",
        "Gute Inspiration.",
        "Regelrechte Inspiration.",
        "Labor unauffällig.",
        "Voraufnahme unauffällig.",
        "EKG normal.",
        "Auskultation unauffällig",
        "Falls normal, Entlassung.",
        "Vielleicht kein Erguss.",
        "Kein Normalbefund.",
        "Normalbefund?",
        "EKG o.B.",
        "Labor o.B.",
        "Labor oB",
        "Altersentsprechendes EKG.",
        "Kein akuter Befund im CT.",
        "Vorbefund o.B.",
        "Abdomen o.B.",
        "Möglicherweise Normalbefund",
    ),
    "fr": (
        "Peut-être normal.",
        "Possiblement normale.",
        "Le thorax pourrait être normal.",
        "Température normale.",
        "Constantes normales.",
        "Le patient est stable.",
        "Qualité normale de l'image.",
        "Bonne inspiration.",
        "Inspiration normale.",
        "Bilan normal.",
        "Cliché antérieur normal.",
        "ECG normal",
        "Auscultation normale",
        "Si normal, retour à domicile.",
        "Peut-être pas d'épanchement.",
        "RAS?",
        "Abdomen RAS",
        "ECG: R.A.S.",
        "Pas d'image suspecte à l'échographie.",
        "Bilan sans anomalie",
        "Peut-être RAS",
        "Radio précédente RAS",
    ),
    "pt": (
        "Possivelmente normal.",
        "Talvez normal.",
        "Tórax possivelmente normal.",
        "Temperatura normal.",
        "Sinais vitais normais.",
        "Doente estável.",
        "Qualidade normal.",
        "Boa inspiração.",
        "Inspiração normal.",
        "Análises normais.",
        "Exame anterior normal.",
        "ECG normal",
        "Ausculta normal",
        "Se normal, alta.",
        "Talvez sem derrame.",
        "Pulmões não limpos.",
        "ECG sem alterações.",
        "ECG sem achados.",
        "Abdome sem anormalidades.",
        "Se não há derrame, alta.",
        "Não sei se há derrame.",
        "Talvez sem alterações.",
        "Possivelmente DLN",
        "Análises DLN",
        "Exame anterior sem achados",
    ),
}
SAYS_NORMAL = {
    "en": (
        "Normal chest.",
        "normal",
        "Normal study.",
        "The chest is within normal limits.",
        "Lungs clear.",
        "clear lungs",
        "Chest clear.",
        "No acute disease.",
        "NAD",
        "No pneumothorax.",
        "No effusion.",
        "The heart is normal in size.",
        "Heart normal",
        "cor normal",
        "WNL",
        "unremarkable",
        "Unremarkable chest radiograph.",
        "No acute cardiopulmonary abnormality.",
        "No abnormality detected.",
        "nothing acute",
        "Costophrenic angles sharp.",
        "Trachea midline.",
        "Mediastinum not widened.",
        "Bones intact.",
        "Normal cardiomediastinal silhouette.",
        "Pleural spaces clear.",
        "Lungs well aerated.",
        "All ok.",
        "Looks fine",
        "The pulmonary vasculature is normal.",
        "Diaphragm normal.",
        "CXR normal.",
        "normal CXR",
        "Everything normal.",
        "Normal exam",
        "Chest: normal",
        "Lungs: clear. Heart: normal.",
        "no consolidation",
        "Appears normal.",
        "Within normal limits.",
        "Stable normal chest.",
        "Lungs remain clear",
        "Chest radiograph appears normal.",
        "Good inspiration. Lungs clear.",
        "The patient is stable. No effusion.",
        "Normal inspiration, normal heart.",
        "free of consolidation",
        "I see nothing abnormal",
        "There is nothing wrong.",
        "Negative.",
        "negative chest",
        "Negative for acute disease",
        "Healthy lungs.",
        "Hila normal.",
        "No abn",
        "clear fields",
        "Clear lung fields",
        "PA and lateral chest: normal",
        "unchanged, lungs clear",
        "No interval change. Lungs remain clear.",
        "Normal film.",
        "Normal x-ray",
        "Likely normal.",
        "Probably normal chest.",
        "Normal for age",
        "PA chest. Clear.",
        "Good inspiration with clear lungs.",
        "The patient is stable, the heart normal.",
        "Everything looks normal to me.",
        "nothing to see",
        "Nothing of concern",
        "There are no concerning features",
        "Satisfactory appearances of heart and lungs",
        "Age appropriate heart and lungs.",
    ),
    "es": (
        "Rx de tórax normal.",
        "Normal.",
        "Sin hallazgos patológicos.",
        "Pulmones libres.",
        "Silueta cardíaca normal.",
        "Sin derrame.",
        "Senos costofrénicos libres.",
        "Dentro de la normalidad.",
        "Sin alteraciones.",
        "Tórax sin alteraciones.",
        "Corazón de tamaño normal.",
        "Mediastino centrado, normal",
        "Todo bien",
        "Nada agudo.",
        "Campos pulmonares normales.",
        "No se observan alteraciones.",
        "Marco óseo conservado.",
        "ICT normal",
        "Buena inspiración, pulmones libres.",
        "DLN",
        "Pulmones limpios",
        "Campos pulmonares bien ventilados",
        "SCF libres",
        "No hallazgos agudos",
        "No alteraciones",
        "Buena aireación de ambos pulmones",
    ),
    "de": (
        "Normalbefund.",
        "Unauffälliger Befund.",
        "Normal.",
        "Kein pathologischer Befund.",
        "Herz und Lunge o.B.",
        "o.B.",
        "Lunge frei.",
        "Herz normal groß.",
        "Kein Erguss.",
        "Randwinkel frei.",
        "Unauffälliger Thorax.",
        "Herz nicht vergrößert.",
        "Mediastinum mittelständig.",
        "Alles in Ordnung.",
        "Zwerchfell glatt begrenzt.",
        "Keine Auffälligkeiten.",
        "Kein Anhalt für Pneumonie",
        "Altersentsprechender Befund",
        "Gute Inspiration. Lungen frei.",
        "Pulmo frei. Cor normal groß.",
        "Altersentsprechender Normalbefund.",
        "Lunge bds. frei",
        "Keine akuten Veränderungen",
        "Kein akuter Befund",
        "Regelrechte Darstellung der thorakalen Organe",
        "Thoraxorgane altersgemäß",
        "Cor und Pulmo o. B.",
        "Lunge oB",
    ),
    "fr": (
        "Radiographie normale.",
        "Normal.",
        "Thorax normal.",
        "RAS",
        "Pas d'anomalie.",
        "Rien à signaler.",
        "Poumons clairs.",
        "Poumons normaux.",
        "Cœur de taille normale.",
        "Pas d'épanchement.",
        "Culs-de-sac libres.",
        "Parenchyme sans anomalie.",
        "Silhouette cardiaque normale.",
        "Coupoles en place.",
        "Cadre osseux intact.",
        "ICT normal",
        "Tout est normal.",
        "Dans les limites de la normale.",
        "Médiastin non élargi.",
        "R.A.S.",
        "RP normale",
        "RP sans anomalie",
        "RT normale",
        "Pas d'image suspecte",
    ),
    "pt": (
        "Radiografia normal.",
        "Normal.",
        "Sem alterações.",
        "Pulmões livres.",
        "Área cardíaca normal.",
        "Sem derrame.",
        "Seios costofrênicos livres.",
        "Dentro da normalidade.",
        "Exame sem alterações.",
        "Tórax normal.",
        "Tudo normal.",
        "Nada digno de nota.",
        "Coração de dimensões normais.",
        "Mediastino centrado.",
        "Estruturas ósseas íntegras.",
        "ICT normal",
        "Campos pulmonares transparentes",
        "Arcabouço ósseo preservado",
        "Sem achados",
        "Sem achados patológicos",
        "Sem anormalidades",
        "Raio-X normal",
        "DLN",
        "Pulmões limpos",
        "SCF livres",
        "Sem evidência de doença aguda",
        "Não se observam opacidades",
        "Não se identificam condensações",
    ),
}


def _each(texts: dict[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    return [(language, text) for language, said in texts.items() for text in said]


@pytest.mark.parametrize(("language", "text"), _each(SAYS_NOTHING))
def test_doubt_technique_and_vital_signs_call_no_film_normal(language: str, text: str) -> None:
    found = evaluate.evaluate(NORMAL[language], text, language=language)
    assert found.score == 0
    assert found.void in (checks.UNSTATED, checks.NOT_READ)


@pytest.mark.parametrize(("language", "text"), _each(SAYS_NORMAL))
def test_one_statement_of_normality_or_absence_is_enough(language: str, text: str) -> None:
    assert evaluate.evaluate(NORMAL[language], text, language=language).score == 100


def test_a_hedged_word_of_normality_is_told_apart_from_no_word() -> None:
    assert evaluate.evaluate(NORMAL["en"], "Possibly normal.").void == checks.UNSTATED
    assert evaluate.evaluate(NORMAL["en"], "I like trains.").void == checks.NOT_READ


def test_a_possibly_normal_chest_contradicts_no_finding() -> None:
    found = evaluate.evaluate("Right pneumothorax.", "Right pneumothorax. Possibly normal chest.")
    assert not found.notes_of("contradiction")


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_the_words_that_tell_what_is_normal(language: str) -> None:
    kinds = {row["kind"] for row in tables.rows(f"language/{language}/normal")}
    assert kinds >= {"all", "part", "none", "plain", "chest", "film", "filler", "foreign", "unsure"}


def test_words_that_call_nothing_normal_are_looked_at_so_many_times_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = "".join(f"foo{number} stable bar{number} " for number in range(2_000))
    looked: list[object] = []
    monkeypatch.setattr(normality, "_of_chest", lambda *given: looked.append(given))
    assert not normality.says_normal(text, "en")
    assert len(looked) <= 3 * normality.MOST_WORDS


BESIDE = {
    "en": "There is a right pleural effusion.",
    "es": "Derrame pleural derecho.",
    "de": "Pleuraerguss rechts.",
    "fr": "Épanchement pleural droit.",
    "pt": "Derrame pleural direito.",
}
"""A finding beside which something else is normal."""
PARTS = {
    "en": (
        *("Heart NAD.", "Bones nad.", "No abnormality of the bones.", "Other organs: NAD"),
        *("Normal mediastinum and chest wall.", "No abnormality seen in the left lung."),
    ),
    "es": (
        *("Estructuras óseas sin alteraciones.", "Sin alteraciones óseas.", "Tórax óseo normal."),
        "Partes blandas sin hallazgos.",
    ),
    "de": (
        *("Skelett o.B.", "Knochen o. B.", "Herz o.B.", "Sonst o.B.", "Mediastinum oB"),
        *("Knöcherner Thorax unauffällig.", "Kein pathologischer Befund am Skelett."),
    ),
    "fr": ("Os: RAS", "Coeur RAS.", "Pas d'anomalie osseuse.", "Sinon RAS.", "Parties molles RAS"),
    "pt": (
        *("Sem alterações ósseas.", "Coração sem achados.", "Partes moles sem alterações."),
        "Tórax ósseo sem alterações.",
    ),
}


@pytest.mark.parametrize(("language", "text"), _each(PARTS))
def test_one_normal_part_denies_no_finding_elsewhere(language: str, text: str) -> None:
    finding = BESIDE[language]
    assert evaluate.evaluate(finding, f"{finding} {text}", language=language).score == 100
    assert not normality.calls_all_normal(text, language)


WHOLE = {
    "en": (
        *("NAD", "Heart and lungs NAD", "Normal chest.", "Normal chest x-ray with clear lungs"),
        *("Lungs clear, NAD", "No abnormality detected.", "Normal study of the chest."),
    ),
    "es": ("Rx tórax normal", "Sin alteraciones"),
    "de": ("Herz und Lunge o.B.", "Thorax o.B.", "o.B."),
    "fr": ("RAS", "Radio pulmonaire normale"),
    "pt": ("Sem alterações", "RX normal"),
}


@pytest.mark.parametrize(("language", "text"), _each(WHOLE))
def test_a_normal_film_contradicts_a_finding(language: str, text: str) -> None:
    finding = BESIDE[language]
    assert normality.calls_all_normal(text, language)
    assert evaluate.evaluate(finding, f"{finding} {text}", language=language).score == 0


@pytest.mark.parametrize(
    ("language", "text"), [pair for pair in _each(SAYS_NORMAL) if "." not in pair[1][:-1]]
)
def test_what_calls_the_chest_normal_was_understood(language: str, text: str) -> None:
    assert not evaluate.evaluate(NORMAL[language], text, language=language).unread
