"""From films with marks to cases, as every importer of films does it: nothing lost, all told."""

from __future__ import annotations

from dataclasses import astuple

import pytest

from cases.importers import ImportedCase, ImportedReport, Problem
from cases.importers.films import Film, Films, Mark, View, box_of, cases_of, view_of
from cases.importers.folders import ImageFolders
from tests.cases import formats
from tests.cases.sources import read

pytestmark = pytest.mark.pure

WORDS = {"nodule": "nodule_mass", "mass": "nodule_mass", "edema": "edema", "normal": ""}
BOX = ((10.0, 8.0), (30.0, 40.0))


def made(folder, *films):
    items = list(cases_of(films, ImageFolders([folder]), WORDS))
    cases = [item for item in items if isinstance(item, ImportedCase)]
    return cases, [astuple(item) for item in items if isinstance(item, Problem)]


def only(folder, *marks, name="a.png", **fields):
    """The one case of a film with these marks on its one view, of 100 × 80 pixels."""
    film = Film("film", [View(name, [*marks])], **fields)
    cases, problems = made(formats.films(folder, "a.png"), film)
    assert not problems
    return cases[0]


def told(case):
    return [(problem.where, problem.sentence) for problem in case.problems]


def test_all_that_a_film_knows_is_in_its_case(tmp_path):
    formats.films(tmp_path, "a.png", "b.png")
    report = ImportedReport("de", "Rundherd.", "")
    doubt = Problem("row 3", "It is in doubt.")
    film = Film(
        "film",
        [View("a.png", view="PA"), View("b.png", view="AP", prior="2 years ago")],
        [doubt],
        age=50,
        sex="F",
        indication="Cough.",
        comparison="None.",
        reports=(report,),
        knows_findings=False,
        patient="P7",
        split="val",
    )
    [case], problems = made(tmp_path, film)
    assert not problems
    assert (case.key, case.age, case.sex, case.indication) == ("film", 50, "F", "Cough.")
    assert (case.comparison, case.reports, case.problems) == ("None.", (report,), (doubt,))
    assert (case.knows_findings, case.patient, case.split) == (False, "P7", "val")
    seen = [
        (one.name, one.study, one.study_label, one.source.view, one.source.usual_view)
        for one in case.images
    ]
    assert seen == [
        ("a.png", "current", "", "PA", "FRONTAL"),
        ("b.png", "prior", "2 years ago", "AP", "FRONTAL"),
    ]
    assert [one.source.paths for one in case.images] == [
        (tmp_path / "a.png",),
        (tmp_path / "b.png",),
    ]


def test_long_names_are_cut_to_what_is_kept(tmp_path):
    folders = "f" * 150
    name = f"{folders}/{'g' * 150}/a.png"
    formats.films(tmp_path, name)
    [case], _ = made(tmp_path, Film("film", [View(name, prior="p" * 61)]))
    assert (case.images[0].name, case.images[0].study_label) == (name[:300], "p" * 60)


def test_of_two_images_one_that_is_not_here_is_told_and_its_marks_go_with_it(tmp_path):
    formats.films(tmp_path, "b.png")
    views = [View("a.png", [Mark("Edema", "row 1")]), View("b.png", [Mark("Mass", "row 2", BOX)])]
    [case], problems = made(tmp_path, Film("film", views))
    assert not problems
    assert told(case) == [("film", "Its image a.png is not here.")]
    assert [one.name for one in case.images] == ["b.png"]
    assert [(one.label, one.regions[0].image) for one in case.findings] == [("nodule_mass", 0)]
    formats.films(tmp_path, "a.png")
    [case], _ = made(tmp_path, Film("film", views))
    assert [one.label for one in case.findings] == ["edema", "nodule_mass"]
    assert case.findings[1].regions[0].image == 1


def test_films_that_cannot_be_cases_are_told_and_the_next_one_is_taken(tmp_path):
    formats.films(tmp_path, "a.png")
    films = (
        Film("absent", [View("x.png"), View("y.png")]),
        Film("twice", [View("a.png"), View("a.png")]),
        Film("outside", [View("../a.png")]),
        Film("other", [View("z.png")]),
        Film("good", [View("a.png")]),
    )
    [case], problems = made(tmp_path, *films)
    assert case.key == "good"
    assert problems == [
        ("twice", "It names an image twice; the case was skipped.", "case", 1),
        (
            "outside",
            "An image's name names a file outside the images folder; the case was skipped.",
            "case",
            1,
        ),
        ("images", "2 images of the tables are not here.", "absent", 2),
    ]


def test_a_link_out_of_the_folder_is_told_before_the_cases(tmp_path):
    formats.films(tmp_path / "set", "a.png")
    (tmp_path / "other").mkdir()
    (tmp_path / "set" / "more").symlink_to(tmp_path / "other")
    cases, [problem] = made(tmp_path / "set", Film("a", [View("a.png")]))
    assert len(cases) == 1
    assert problem[0] == str(tmp_path / "set" / "more")


def test_words_of_one_label_are_one_finding_and_unknown_ones_stay_apart(tmp_path):
    marks = [
        Mark("Nodule", "1", BOX, sentence="One."),
        Mark("Normal", "2", BOX),
        Mark("Unicorn", "3", BOX),
        Mark("mass", "4", ((50.0, 8.0), (60.0, 40.0)), sentence="Two."),
        Mark("Nodule", "5", sentence="One."),
        Mark("Dragon", "6"),
    ]
    found = only(tmp_path, *marks).findings
    assert [(one.label, one.source_label, one.sentence, len(one.regions)) for one in found] == [
        ("nodule_mass", "Nodule, mass", "One. Two.", 2),
        ("", "Unicorn", "", 1),
        ("", "Dragon", "", 0),
    ]


def test_a_long_word_of_a_source_is_cut(tmp_path):
    assert only(tmp_path, Mark("x" * 201, "1")).findings[0].source_label == "x" * 200


@pytest.mark.parametrize(
    ("sides", "side"),
    [
        ((), ""),
        (("",), ""),
        (("left", ""), "left"),
        (("left", "left"), "left"),
        (("left", "right"), "bilateral"),
    ],
)
def test_sides_of_one_finding_are_put_together(tmp_path, sides, side):
    marks = [Mark("Mass", "1"), *(Mark("Mass", "1", side=one) for one in sides)]
    assert only(tmp_path, *marks).findings[0].side == side


@pytest.mark.parametrize(
    ("corners", "is_way", "shape", "points"),
    [
        (BOX, False, "box", ()),
        (BOX, True, "point", ((0.1, 0.1), (0.3, 0.5))),
        (((10.0, 8.0),), False, "point", ((0.1, 0.1),)),
        ((*BOX, (10.0, 40.0)), False, "polygon", ((0.1, 0.1), (0.3, 0.5), (0.1, 0.5))),
        ((*BOX, (10.0, 40.0)), True, "point", ((0.1, 0.1), (0.3, 0.5), (0.1, 0.5))),
    ],
)
def test_corners_become_the_shape_they_are_of(tmp_path, corners, is_way, shape, points):
    mark = Mark("Mass", "1", corners, "R1", is_way=is_way, alternate=True)
    [region] = only(tmp_path, mark).findings[0].regions
    assert region.shape == shape
    assert [pytest.approx(one) for one in points] == [*region.points]
    assert (region.reader, region.alternate, region.image, region.frame) == ("R1", True, 0, 0)
    if points == ():
        assert region.box == (0.1, 0.1, 0.3, 0.5)


@pytest.mark.parametrize(("count", "kept"), [(4999, 4999), (5000, 5000), (5001, 2501)])
def test_an_outline_finer_than_the_library_keeps_is_thinned(tmp_path, count, kept):
    corners = tuple((100 * at / count, 80 * at * at / count**2) for at in range(count))
    assert len(only(tmp_path, Mark("Mass", "1", corners)).findings[0].regions[0].points) == kept


@pytest.mark.parametrize(
    ("corners", "sentence"),
    [
        (
            BOX[::-1],
            "The box of “Mass” is reversed: its right or lower edge comes first, so it has no "
            "area; it was left out.",
        ),
        (((10.0, 8.0), (10.0, 40.0)), "The box of “Mass” has no area; it was left out."),
        (((101.0, 8.0),), "The point of “Mass” has a point outside the image; it was left out."),
        (
            (*BOX, (10.0, 90.0)),
            "The polygon of “Mass” has a point outside the image; it was left out.",
        ),
    ],
)
def test_a_place_that_cannot_be_is_told_and_its_finding_stays(tmp_path, corners, sentence):
    case = only(tmp_path, Mark("Mass", "row 7", corners), Mark("Mass", "row 8", BOX))
    assert told(case) == [("row 7", sentence)]
    assert [len(one.regions) for one in case.findings] == [1]


def test_an_image_is_opened_for_its_size_only_where_a_place_needs_it(tmp_path):
    (tmp_path / "bad.png").write_bytes(b"no picture")
    [case], _ = made(tmp_path, Film("film", [View("bad.png", [Mark("Mass", "1")])]))
    assert told(case) == []
    marks = [Mark("Edema", "1"), Mark("Mass", "2", BOX)]
    [case], _ = made(tmp_path, Film("film", [View("bad.png", marks, (100, 80))]))
    assert (told(case), len(case.findings[1].regions)) == ([], 1)
    [case], _ = made(tmp_path, Film("film", [View("bad.png", marks)]))
    [(where, sentence)] = told(case)
    assert where == "bad.png"
    assert sentence.endswith(".")
    assert [(one.label, one.regions) for one in case.findings] == [
        ("edema", ()),
        ("nodule_mass", ()),
    ]


def test_a_finding_of_two_readers_holds_and_that_of_one_of_two_does_not(tmp_path):
    marks = [Mark("Mass", "1", BOX, "A"), Mark("Edema", "2", BOX, "A"), Mark("Mass", "3", (), "B")]
    kept = {one.label: one for one in only(tmp_path, *marks, readers={"A", "B"}).findings}
    assert {*kept} == {"nodule_mass"}
    kept = [one.label for one in only(tmp_path, *marks[:2], readers={"A"}).findings]
    assert kept == ["nodule_mass", "edema"]
    three = only(tmp_path, *marks, Mark("Mass", "4", BOX, "B"), readers={"A", "B", "C"})
    [finding] = three.findings
    assert [(one.reader, one.alternate) for one in finding.regions] == [("A", False), ("B", True)]


@pytest.mark.parametrize(
    ("word", "view"),
    [
        *((" pa ", "PA"), ("AP", "AP"), ("LL", "LATERAL"), ("RL", "LATERAL")),
        *(("Lateral", "LATERAL"), ("Frontal", "FRONTAL"), ("", ""), ("oblique", "")),
    ],
)
def test_words_for_views(word, view):
    assert view_of(word) == view


def test_a_box_is_two_corners_or_a_corner_and_an_extent():
    assert box_of([1, 2, 5, 9]) == ((1, 2), (5, 9))
    assert box_of([1, 2, 5, 9], is_extent=True) == ((1, 2), (6, 11))


def test_films_and_views_are_made_once():
    films = Films()
    film = films.of("a", "a.jpg")
    assert films.of("a", "other.jpg") is film
    assert [view.name for view in film.views] == ["a.jpg"]
    assert [view.name for view in films.of("b").views] == ["b"]
    assert film.view("a.jpg") is film.views[0]
    assert film.view("b.jpg") is film.view("b.jpg")
    assert [view.name for view in film.views] == ["a.jpg", "b.jpg"]


@pytest.mark.parametrize("width", ["0", "-3", "nan"])
def test_a_film_of_vindr_whose_size_is_none_keeps_its_findings_without_places(tmp_path, width):
    formats.films(tmp_path, "a.png")
    head = "image_id,class_name,rad_id,x_min,y_min,x_max,y_max,width,height"
    rows = [f"a,Nodule/Mass,{reader},1,1,9,9,{width},64" for reader in ("R1", "R2")]
    (tmp_path / "train.csv").write_text("\n".join([head, *rows]))
    cases, problems = read("vindr", tmp_path)
    assert [one.regions for one in cases["a"].findings] == [()]
    assert cases["a"].problems and not any("ZeroDivision" in one.sentence for one in problems)
