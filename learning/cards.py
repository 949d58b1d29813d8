"""Bookmarked findings as a deck for Anki: the film with its region covered, the finding behind.

Only of attempts that were told of. Each image is decoded once, whatever lies on it. The pictures
are small JPEGs of the rendition, without a header of the source; ids follow from those of the
findings, so that a deck taken again updates the first.
"""

from __future__ import annotations

import html
import logging
import tempfile
from itertools import groupby
from pathlib import Path

import genanki
from PIL import Image as Picture
from PIL import ImageDraw

from accounts.models import User
from cases.imaging import htj2k
from cases.imaging.render import pixels_of, windowed
from cases.imaging.windows import Window
from cases.models import Finding, Image, Region
from learning.models import Kept
from learning.review import kept_of
from ml.atlas.entries import summary

logger = logging.getLogger(__name__)
MODEL = genanki.Model(
    1_764_028_101,
    "RadGame finding",
    fields=[{"name": "Front"}, {"name": "Back"}],
    templates=[
        {"name": "Finding", "qfmt": "{{Front}}", "afmt": "{{FrontSide}}<hr id=answer>{{Back}}"}
    ],
)
DECK_ID = 1_764_028_102
LONGEST_SIDE = 800
MOST = 100
"""Kept attempts of one deck, the newest."""


def deck_of(user: User) -> bytes:
    """An ``.apkg`` file of the findings of what the user keeps; one without cards for nothing."""
    deck = genanki.Deck(DECK_ID, "RadGame")
    kept = list(kept_of(user).select_related("attempt__case")[:MOST])
    with tempfile.TemporaryDirectory() as folder:
        files: list[str] = []
        for one in _once_a_case(kept):
            regions = Region.objects.filter(
                finding__case=one.attempt.case_id, alternate=False, image__frames=1
            )
            ordered = regions.select_related("finding", "image").order_by("image", "pk")
            for image, of_image in groupby(ordered, key=lambda region: region.image):
                try:
                    picture = _picture(image)
                except (OSError, htj2k.Damaged):  # its cards are left out, and the others come
                    logger.warning("The rendition of image %s cannot be read.", image.pk)
                    continue
                for region in of_image:
                    deck.add_note(_note(one, region, picture, Path(folder), files))
        target = Path(folder) / "radgame.apkg"
        genanki.Package(deck, media_files=files).write_to_file(target)
        return target.read_bytes()


def _once_a_case(kept: list[Kept]) -> list[Kept]:
    """Of a film that was kept in several attempts the newest, with the notes of all: a region is
    one card.
    """
    by_case: dict[int, list[Kept]] = {}
    for one in kept:
        by_case.setdefault(one.attempt.case_id, []).append(one)
    for several in by_case.values():
        notes = dict.fromkeys(one.note for one in several if one.note)
        several[0].note = "\n".join(notes)
    return [several[0] for several in by_case.values()]


def _note(
    kept: Kept, region: Region, film: Picture.Image, folder: Path, files: list[str]
) -> genanki.Note:
    name = f"radgame-{region.public_id}"
    picture, covered = film.copy(), film.copy()
    ImageDraw.Draw(covered).rectangle(_place(region, picture), fill=90, outline=255, width=2)
    ImageDraw.Draw(picture).rectangle(_place(region, picture), outline=255, width=2)
    for side, drawn in (("front", covered), ("back", picture)):
        path = folder / f"{name}-{side}.jpg"
        drawn.save(path, "JPEG", quality=80)
        files.append(str(path))
    back = [f'<img src="{name}-back.jpg">', f"<b>{html.escape(region.finding.name)}</b>"]
    texts = (_explained(region.finding), *kept.note.splitlines())
    back += [html.escape(text) for text in texts if text]
    front = f'<img src="{name}-front.jpg"><br>What is in the covered place?'
    return genanki.Note(
        model=MODEL, fields=[front, "<br>".join(back)], guid=genanki.guid_for(region.public_id)
    )


def _explained(finding: Finding) -> str:
    """What the film's report says of it, else the atlas."""
    if finding.sentence or not finding.has_known_label:
        return finding.sentence
    return summary(finding.label)


def _picture(image: Image) -> Picture.Image:
    with image.rendition.open("rb") as stream:
        pixels = pixels_of(stream.read())
    half = image.window_width / 2
    window = Window(image.window_center - half, image.window_center + half)
    picture = Picture.fromarray(windowed(pixels, window)).convert("L")
    picture = picture.resize((image.width, image.true_height))
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return picture


def _place(region: Region, picture: Picture.Image) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = region.box
    return (x0 * picture.width, y0 * picture.height, x1 * picture.width, y1 * picture.height)
