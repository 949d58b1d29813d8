"""A phrase denies, hedges or affirms in both directions, whatever the finding it stands beside."""

from __future__ import annotations

import pytest

from ml import findings

pytestmark = pytest.mark.pure

SIGNS = {"present": "+", "absent": "-", "uncertain": "?"}
FINDINGS = {
    "en": ("edema", "left effusion", "consolidation in the right base", "a rib fracture"),
    "es": ("edema", "derrame izquierdo", "consolidación en la base derecha"),
}
HEDGED = """
possible {} | possibly {} | probable {} | probably {} | likely {} | suspected {} | suspect {}
questionable {} | query {} | ?{} | ? {} | equivocal {} | doubtful {} | suspicious for {}
suspicion of {} | concerning for {} | indeterminate for {} | cannot exclude {} | not excluded: {}
does not rule out {} | unable to exclude {} | difficult to exclude {} | could be {} | may be {}
might represent {} | suggests {} | raises the possibility of {} | consider {} | favored to be {}
there may be {} | question of {} | doubt {} | poss {} | prob {} | likely to represent {}
{} possible | {} is possible | {} likely | {} is likely | {} suspected | {} is suspected
{} probable | {} questionable | {} not excluded | {} cannot be excluded | {} is not excluded
{} can not be ruled out | {} may be present | {} is a possibility | {} should be considered
{} would have to be considered | {} needs to be excluded | {} is in the differential
{}, possibly | {} (likely) | {} (?) | {}? | {} is difficult to exclude | {} favored
{} has not been excluded | {} cannot entirely be excluded | {}, if any | {} if real
{} is felt to be likely | {} is questioned | {} queried
"""
DENIED = """
no {} | without {} | no evidence of {} | negative for {} | -ve for {} | nil {} | absent {}
absence of {} | excluded: {} | excludes {} | ruled out {} | rules out {} | ruled out: {}
no longer {} | not seen: {} | not consistent with {} | inconsistent with {} | argues against {}
unlikely {} | unlikely to represent {} | resolved {} | resolution of {} | clearing of {}
we cannot see {} | fails to show {} | there isn't {} | lack of {} | nothing to suggest {}
{} absent | {} is absent | {} excluded | {} has been excluded | {} ruled out | {} is ruled out
{} negative | {}: negative | {} nil | {} none | {}: no | {} - no | {} (-) | {} -ve | {}? no
{} resolved | {} has cleared | {} is gone | {} has disappeared | {} not seen | {} is not present
{} unlikely | {} is considered unlikely | {} no longer seen | {} isn't seen | {} discounted
{} cannot be identified | {} could not be seen | {} not visible | {} [ ]
"""
STATED = """
no resolution of {} | unresolved {} | persistent {} | no change in {} | positive for {}
{} has not resolved | {} hasn't cleared | {} persists | {}: yes | {} (+) | {}: present
{} again seen | {} +ve | {} [x] | {} is present | {} not yet cleared
"""
HEDGED_ES = """
posible {} | probable {} | sospecha de {} | dudoso {} | ¿{}? | no se puede descartar {}
no se descarta {} | podría corresponder a {} | sugestivo de {} | a descartar {} | a considerar {}
no permite descartar {} | {} posible | {} no descartado | {} no se puede descartar
{} a descartar | {} no puede excluirse | {}, posiblemente | {}?
"""
DENIED_ES = """
sin {} | no hay {} | no se observa {} | ausencia de {} | descartado {} | se descarta {}
ha desaparecido {} | se ha resuelto {} | tampoco {} | poco probable {} | ya no se observa {}
{}: no | {} ausente | {} descartado | {} ha desaparecido | {} ya no se observa | {} no evidente
{} no identificado | {}: ninguno | {} (-) | {}? no
"""
STATED_ES = """
no ha desaparecido {} | sin resolución de {} | persiste {} | sin mejoría de {} | hay {}
{}: sí | {} persiste | {} (+) | {} no se ha resuelto
"""


def rows() -> list[tuple[str, str, str]]:
    groups = (
        ("en", "?", HEDGED), ("en", "-", DENIED), ("en", "+", STATED),
        ("es", "?", HEDGED_ES), ("es", "-", DENIED_ES), ("es", "+", STATED_ES),
    )  # fmt: skip
    return [
        (language, sign, phrase.strip())
        for language, sign, phrases in groups
        for line in phrases.strip().splitlines()
        for phrase in line.split(" | ")
    ]


@pytest.mark.parametrize(("language", "sign", "phrase"), rows())
def test_a_phrase_says_the_same_of_every_finding(language: str, sign: str, phrase: str) -> None:
    for name in FINDINGS[language]:
        [label] = {found.label for found in findings.extract(name, language)}
        said = phrase.format(name)
        for text in (said, f"{said[0].upper()}{said[1:]}."):
            found = findings.extract(text, language)
            signs = [SIGNS[item.presence] for item in found if item.label == label]
            assert signs == [sign], text
