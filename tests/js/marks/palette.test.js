import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Answer } from "../../../static/src/marks/answer.js";
import { iconElement } from "../../../static/src/shell/icons.js";
import { matching } from "../../../static/src/marks/matching.js";
import { Truth } from "../../../static/src/desk/truth.js";
import { Palette } from "../../../static/src/marks/palette.js";
import { openPage, press } from "../page.js";

const LABELS = [
  { slug: "lung_opacity", name: "Lung opacity (unspecified)", mode: "draw", description: "Any denser area." },
  { slug: "infiltration", name: "Infiltration / airspace opacity", mode: "draw" },
  { slug: "pleural_effusion", name: "Pleural effusion", short: "Effusion", synonyms: "hydrothorax|meniscus", mode: "select", sided: "yes" },
  { slug: "pleural_thickening", name: "Pleural thickening", mode: "draw" },
  { slug: "opacity", name: "Opacity", mode: "draw" },
  { slug: "edema", name: "Pulmonary edema", mode: "select" },
  { slug: "azygos_lobe", name: "Azygos lobe", mode: "select", variant: "yes" },
  { slug: "fold", name: "Skin fold, not an effusion", mode: "draw", variant: "yes" },
  { slug: "chest_tube", name: "Chest tube", mode: "draw", point: "yes" },
];
const BOX = [0.1, 0.1, 0.3, 0.3];
let answer;
let palette;
let chosen;

beforeEach(() => {
  openPage(`
    <aside id="panel">
      <input type="search" data-role="search">
      <p data-role="no-labels" hidden>No label fits.</p>
      <section><div data-role="recent"></div></section>
      <ol data-role="marks"></ol><ul data-role="sides"></ul><p data-role="no-marks">None yet.</p>
      <div data-role="draw-labels"></div><div data-role="tick-labels"></div>
      <div data-role="variant-labels"></div>
      <label><input type="checkbox" data-role="normal"> No abnormality</label>
      <p role="status" data-role="announce"></p>
    </aside>
    <p id="status-line"></p>
    <svg class="icon-template" aria-hidden="true" hidden><use href="/static/icons.svg#x"></use></svg>`);
  answer = new Answer();
  chosen = [];
  const panel = document.getElementById("panel");
  palette = new Palette(panel, LABELS, answer, { onLabel: (slug) => chosen.push(slug) });
});

const all = (selector) => [...palette.panel.querySelectorAll(selector)];
const label = (slug) => palette.panel.querySelector(`[data-slug=${slug}]`);
const rows = () => all("[data-role=marks] li");
const visible = () => all("[data-slug]").filter(({ hidden }) => !hidden).map(({ dataset }) => dataset.slug);
const active = () => all("[aria-pressed=true]").map(({ dataset }) => dataset.slug);
const slugs = (text) => matching(LABELS, text).map(({ slug }) => slug);

function type(text) {
  palette.search.value = text;
  palette.search.dispatchEvent(new window.Event("input", { bubbles: true }));
}

// matching

test("without a text every label fits, in its own order", () => {
  assert.deepEqual(slugs(""), LABELS.map(({ slug }) => slug));
  assert.deepEqual(slugs("  "), LABELS.map(({ slug }) => slug));
});

test("names that begin with the text come first, the others keep their order", () => {
  assert.deepEqual(slugs("opacity"), ["opacity", "lung_opacity", "infiltration"]);
  assert.deepEqual(slugs("OPAC"), ["opacity", "lung_opacity", "infiltration"]);
});

test("every word typed has to be in the name or the slug, in any order", () => {
  assert.deepEqual(slugs("effusion pleural"), ["pleural_effusion"]);
  assert.deepEqual(slugs("pleural_thick"), ["pleural_thickening"]);
  assert.deepEqual(slugs("pleural heart"), []);
});

test("blanks around the text change nothing", () => {
  assert.deepEqual(slugs(" opacity "), ["opacity", "lung_opacity", "infiltration"]);
});

test("the list that was given is not reordered", () => {
  const given = [...LABELS];
  matching(given, "opacity");
  assert.deepEqual(given, LABELS);
});

// lists

test("labels to draw are numbered buttons, findings to tick are checkboxes", () => {
  const draw = all("[data-role=draw-labels] button");
  assert.deepEqual(draw.map(({ dataset }) => dataset.slug), ["lung_opacity", "infiltration", "pleural_thickening", "opacity", "chest_tube"]);
  assert.deepEqual(draw.map((button) => button.querySelector("kbd").textContent), ["1", "2", "3", "4", "5"]);
  assert.deepEqual(all("[data-role=tick-labels] input").map(({ value }) => value), ["pleural_effusion", "edema"]);
  assert.deepEqual(all("[data-role=tick-labels] label").map(({ textContent }) => textContent), ["Effusion: Pleural effusion", "Pulmonary edema"]);
});

test("normal variants and pitfalls are a group of their own, drawn or ticked", () => {
  assert.deepEqual(all("[data-role=variant-labels] [data-slug]").map(({ dataset }) => dataset.slug), ["azygos_lobe", "fold"]);
  assert.equal(label("fold").querySelector("kbd").textContent, "");
  label("azygos_lobe").querySelector("input").click();
  assert.deepEqual(answer.ticked, ["azygos_lobe"]);
});

test("the search finds a variant behind the findings, and says what it is", () => {
  type("effusion");
  assert.equal(palette.best, "pleural_effusion");
  press(palette.search, "ArrowDown");
  assert.equal(palette.best, "fold");
  const said = palette.panel.querySelector("[data-role=announce]").textContent;
  assert.equal(said, "2 fit. Enter takes Skin fold, not an effusion, a normal variant or pitfall.");
});

test("the tenth label and those after it have no number", () => {
  const many = Array.from({ length: 11 }, (_, index) => ({ slug: `l${index}`, name: `Label ${index}`, mode: "draw" }));
  new Palette(palette.panel, many, answer, { onLabel: () => {} });
  const numbers = all("[data-role=draw-labels] kbd").map(({ textContent }) => textContent);
  assert.deepEqual(numbers.slice(7), ["8", "9", "", ""]);
});

test("a name is text, never markup", () => {
  new Palette(palette.panel, [{ slug: "a", name: "<b>A</b>", mode: "draw" }], answer, { onLabel: () => {} });
  assert.equal(all("[data-role=draw-labels] b").length, 0);
});

test("an unknown label is called by its slug", () => {
  assert.equal(palette.nameOf("edema"), "Pulmonary edema");
  assert.equal(palette.nameOf("retired_label"), "retired_label");
});

// choosing

test("a chosen label is what the next box will be; chosen again it is not", () => {
  label("opacity").click();
  assert.equal(palette.active, "opacity");
  assert.deepEqual(active(), ["opacity"]);
  label("opacity").click();
  assert.equal(palette.active, null);
  assert.deepEqual(active(), []);
  assert.deepEqual(chosen, ["opacity", "opacity"]);
});

test("choosing by number takes the button of that number, and no other number anything", () => {
  palette.chooseByNumber(2);
  assert.equal(palette.active, "infiltration");
  for (const number of [0, 6, 99, NaN]) palette.chooseByNumber(number);
  assert.equal(palette.active, "infiltration");
});

test("numbers stay with their labels while the list is filtered", () => {
  type("thick");
  palette.chooseByNumber(1);
  assert.equal(palette.active, "lung_opacity");
});

test("a label goes to the selected box that has none", () => {
  const { id } = answer.add({ image: "pa", box: BOX });
  palette.chooseByNumber(4);
  assert.equal(answer.mark(id).label, "opacity");
  assert.equal(palette.active, null);
  answer.undo();
  assert.equal(answer.mark(id).label, null);
});

test("a selected box that has its label keeps it, and the label is for the next", () => {
  const { id } = answer.add({ image: "pa", box: BOX, label: "opacity" });
  palette.chooseByNumber(1);
  assert.equal(answer.mark(id).label, "opacity");
  assert.equal(palette.active, "lung_opacity");
  assert.equal(answer.selected, null);
});

test("relabeling gives the box its new label once, and the field is ready to type", () => {
  const { id } = answer.add({ image: "pa", box: BOX, label: "opacity" });
  answer.select(null);
  palette.relabel(id);
  assert.equal(document.activeElement, palette.search);
  palette.chooseByNumber(1);
  assert.equal(answer.mark(id).label, "lung_opacity");
  palette.chooseByNumber(2);
  assert.equal(answer.mark(id).label, "lung_opacity");
  assert.equal(palette.active, "infiltration");
});

test("a relabeling that was given up touches no other box", () => {
  const first = answer.add({ image: "pa", box: BOX, label: "opacity" });
  const second = answer.add({ image: "pa", box: BOX, label: "opacity" });
  palette.relabel(first.id);
  press(palette.search, "Escape");
  answer.select(second.id);
  palette.chooseByNumber(1);
  assert.equal(answer.mark(second.id).label, "opacity");
  assert.equal(palette.active, "lung_opacity");
});

test("deleting the box that was to be relabeled ends the relabeling", () => {
  const { id } = answer.add({ image: "pa", box: BOX, label: "opacity" });
  palette.relabel(id);
  answer.remove(id);
  const next = answer.add({ image: "pa", box: BOX, label: "infiltration" });
  palette.chooseByNumber(1);
  assert.equal(answer.mark(next.id).label, "infiltration");
});

// type-ahead

test("typing hides what does not fit, in both lists; clearing shows all", () => {
  type("pleural");
  assert.deepEqual(visible(), ["pleural_thickening", "pleural_effusion"]);
  palette.clearSearch();
  assert.equal(visible().length, LABELS.length);
});

test("Enter chooses the best match and leaves the field", () => {
  palette.search.focus();
  type("opacity");
  const event = press(palette.search, "Enter");
  assert.ok(event.defaultPrevented);
  assert.equal(palette.active, "opacity");
  assert.equal(palette.search.value, "");
  assert.equal(visible().length, LABELS.length);
  assert.notEqual(document.activeElement, palette.search);
});

test("Enter ticks a finding that has no box, and unticks it again", () => {
  type("edema");
  press(palette.search, "Enter");
  assert.deepEqual(answer.ticked, ["edema"]);
  type("edema");
  press(palette.search, "Enter");
  assert.deepEqual(answer.ticked, []);
});

test("Enter with nothing typed or nothing found does nothing", () => {
  press(palette.search, "Enter");
  type("xyz");
  press(palette.search, "Enter");
  assert.equal(palette.active, null);
  assert.deepEqual(chosen, []);
  assert.equal(palette.search.value, "xyz");
});

test("Enter with only blanks typed does nothing", () => {
  type("  ");
  press(palette.search, "Enter");
  assert.equal(palette.active, null);
  assert.deepEqual(answer.ticked, []);
});

test("what is shown as first is what Enter will take", () => {
  for (const text of ["opacity", "pleural", "edema"]) {
    type(text);
    assert.deepEqual(all("[data-slug].first").map(({ dataset }) => dataset.slug), [slugs(text)[0]], text);
  }
});

test("nothing is shown as first when nothing is typed", () => {
  type("lung");
  assert.equal(all(".first").length, 1);
  type("");
  assert.equal(all(".first").length, 0);
});

test("Esc empties the field and leaves it", () => {
  palette.search.focus();
  type("pleural");
  press(palette.search, "Escape");
  assert.equal(palette.search.value, "");
  assert.equal(visible().length, LABELS.length);
  assert.notEqual(document.activeElement, palette.search);
});

// ticks and no abnormality

test("a tick is an action, and undoing it shows in the box", () => {
  const box = label("edema").querySelector("input");
  box.click();
  assert.deepEqual(answer.ticked, ["edema"]);
  answer.undo();
  assert.equal(box.checked, false);
});

test("no abnormality clears the panel, and drawing clears no abnormality", () => {
  answer.add({ image: "pa", box: BOX, label: "opacity" });
  answer.tick("edema", true);
  palette.normal.click();
  assert.equal(answer.normal, true);
  assert.equal(rows().length, 0);
  assert.equal(label("edema").querySelector("input").checked, false);
  answer.add({ image: "pa", box: BOX });
  assert.equal(palette.normal.checked, false);
});

// marks

test("marks are listed by number and name, one without a label asks for it", () => {
  answer.add({ image: "pa", box: BOX, label: "opacity" });
  answer.add({ image: "pa", box: BOX });
  assert.deepEqual(rows().map((row) => row.querySelector(".mark-name").textContent), ["1. Opacity", "2. Choose a label"]);
  assert.deepEqual(rows().map(({ className }) => className), ["", "selected"]);
  assert.equal(palette.panel.querySelector("[data-role=no-marks]").hidden, true);
});

test("the selected mark's row is the one that looks it", () => {
  const { id } = answer.add({ image: "pa", box: BOX });
  answer.add({ image: "pa", box: BOX });
  answer.select(id);
  assert.deepEqual(rows().map(({ className }) => className), ["selected", ""]);
});

test("a draft that was kept is shown from the start", () => {
  const mark = { id: "a", label: "opacity", image: "pa", frame: 0, box: BOX, confidence: 2 };
  const kept = new Answer({ marks: [mark], ticked: ["edema"] });
  palette = new Palette(palette.panel, LABELS, kept, { onLabel: () => {} });
  assert.equal(rows().length, 1);
  assert.equal(label("edema").querySelector("input").checked, true);
});

test("every button of a row has a name that can be read out, and the tools an icon", () => {
  answer.add({ image: "pa", box: BOX, label: "opacity" });
  const buttons = [...rows()[0].querySelectorAll("button")];
  const names = buttons.map((button) => button.getAttribute("aria-label") ?? button.textContent);
  assert.deepEqual(names, [
    "1. Opacity",
    "Change the label: 1, Opacity",
    "Delete: 1, Opacity",
    "Confidence 1 of 5: a guess",
    "Confidence 2 of 5: unsure",
    "Confidence 3 of 5: possible",
    "Confidence 4 of 5: probable",
    "Confidence 5 of 5: certain",
  ]);
  assert.equal(rows()[0].querySelector("[role=group]").getAttribute("aria-label"), "Confidence");
  const icons = [...rows()[0].querySelectorAll("use")].map((use) => use.getAttribute("href"));
  assert.deepEqual(icons, ["/static/icons.svg#tag", "/static/icons.svg#trash-2"]);
});

test("without marks the panel says so", () => {
  const { id } = answer.add({ image: "pa", box: BOX });
  answer.remove(id);
  assert.equal(palette.panel.querySelector("[data-role=no-marks]").hidden, false);
});

test("at the desk a finding without a place is one, too", () => {
  const truth = new Truth([{ label: "edema", regions: [] }], (slug) => slug === "opacity");
  palette = new Palette(palette.panel, LABELS, truth, { onLabel: () => {} });
  assert.equal(palette.panel.querySelector("[data-role=no-marks]").hidden, true);
  assert.equal(new Truth([], () => true).findings.length, 0);
});

test("a mark's name selects it, its bin deletes it, its tag relabels it", () => {
  const { id } = answer.add({ image: "pa", box: BOX, label: "opacity" });
  answer.select(null);
  rows()[0].querySelector(".mark-name").click();
  assert.equal(answer.selected, id);
  rows()[0].querySelector("[aria-label^=Change]").click();
  palette.chooseByNumber(2);
  assert.equal(answer.mark(id).label, "infiltration");
  rows()[0].querySelector("[aria-label^=Delete]").click();
  assert.deepEqual(answer.marks, []);
});

test("confidence is set by a dot and taken back by the same dot", () => {
  const { id } = answer.add({ image: "pa", box: BOX, label: "opacity" });
  const dots = () => [...rows()[0].querySelectorAll(".confidence button")];
  dots()[2].click();
  assert.equal(answer.mark(id).confidence, 3);
  assert.equal(dots().map(({ textContent }) => textContent).join(""), "●●●○○");
  dots()[4].click();
  assert.equal(answer.mark(id).confidence, 5);
  dots()[4].click();
  assert.equal(answer.mark(id).confidence, null);
});

test("what the dots mean is said beside them, and the one that was chosen in a word", () => {
  answer.add({ image: "pa", box: BOX, label: "opacity" });
  const said = () => rows()[0].querySelector(".said-confidence").textContent;
  assert.equal(said(), "guess – certain");
  rows()[0].querySelectorAll(".confidence button")[3].click();
  assert.equal(said(), "Probable");
});

test("the keyboard stays on the dot that it pressed", () => {
  answer.add({ image: "pa", box: BOX, label: "opacity" });
  const dot = rows()[0].querySelectorAll(".confidence button")[2];
  dot.focus();
  dot.click();
  assert.equal(document.activeElement.getAttribute("aria-label"), "Confidence 3 of 5: possible");
});

test("an icon is a copy of the page's template with its own name", () => {
  const icon = iconElement("tag");
  assert.equal(icon.querySelector("use").getAttribute("href"), "/static/icons.svg#tag");
  assert.equal(icon.getAttribute("class"), "lucide");
  assert.equal(document.querySelector(".icon-template use").getAttribute("href"), "/static/icons.svg#x");
});

test("an icon is not hidden as its template is", () => {
  assert.equal(iconElement("tag").hasAttribute("hidden"), false);
});

// other words

const announced = () => palette.panel.querySelector("[data-role=announce]").textContent;
const statusLine = () => document.getElementById("status-line").textContent;

test("a label is found by another word for it, which is shown beside it", () => {
  type("menis");
  assert.deepEqual(visible(), ["pleural_effusion"]);
  assert.equal(label("pleural_effusion").querySelector(".synonym").textContent, "meniscus");
  type("effusion");
  assert.equal(all(".synonym").length, 0);
});

test("the arrows choose among what fits, and Enter takes the one chosen", () => {
  type("opacity");
  press(palette.search, "ArrowDown");
  assert.deepEqual(all(".first").map(({ dataset }) => dataset.slug), ["lung_opacity"]);
  press(palette.search, "ArrowUp");
  press(palette.search, "ArrowUp");
  assert.deepEqual(all(".first").map(({ dataset }) => dataset.slug), ["infiltration"]);
  press(palette.search, "Enter");
  assert.equal(palette.active, "infiltration");
});

test("where nothing fits the panel says so", () => {
  const line = palette.panel.querySelector("[data-role=no-labels]");
  type("xyz");
  assert.equal(line.hidden, false);
  assert.equal(announced(), "No label fits.");
  type("");
  assert.equal(line.hidden, true);
});

test("what is typed is answered in words", () => {
  type("opacity");
  assert.equal(announced(), "3 fit. Enter takes Opacity.");
});

// recent labels

test("labels used last are offered first, the newest first, each once", () => {
  globalThis.localStorage = window.localStorage;
  localStorage.clear();
  const recent = () => all("[data-role=recent] [data-slug]").map(({ dataset }) => dataset.slug);
  assert.equal(palette.panel.querySelector("section").hidden, true);
  answer.add({ image: "pa", box: BOX, label: "opacity" });
  answer.tick("edema", true);
  answer.add({ image: "pa", box: BOX, label: "opacity" });
  assert.deepEqual(recent(), ["edema", "opacity"]);
  assert.equal(palette.panel.querySelector("section").hidden, false);
  all("[data-role=recent] button")[0].click();
  assert.equal(palette.active, "opacity");
  assert.equal(all("[data-role=recent] input")[0].checked, true);
  delete globalThis.localStorage;
});

// in words

test("no abnormality puts everything away, says so, and one undo brings it back", () => {
  answer.add({ image: "pa", box: BOX, label: "opacity" });
  answer.tick("edema", true);
  palette.normal.click();
  assert.equal(statusLine(), "No abnormality: 1 box and 1 ticked put away. Undo (Ctrl Z) brings them back.");
  answer.undo();
  assert.equal(answer.marks.length, 1);
  assert.deepEqual(answer.ticked, ["edema"]);
  assert.equal(statusLine(), "");
});

test("every action is told in words", () => {
  const { id } = answer.add({ image: "pa", box: BOX });
  assert.equal(announced(), "Box drawn, choose its label. 1 box now.");
  palette.chooseByNumber(4);
  assert.equal(announced(), "The box is Opacity.");
  palette.confide(4);
  assert.equal(announced(), "Confidence 4 of 5.");
  answer.remove(id);
  assert.equal(announced(), "Box deleted, 0 boxes now.");
  answer.tick("edema", true);
  assert.equal(announced(), "Pulmonary edema ticked.");
  answer.tick("edema", false);
  assert.equal(announced(), "Pulmonary edema not ticked.");
});

test("confidence by key is of the selected box, and the same level takes it back", () => {
  assert.equal(palette.confide(3), false);
  const { id } = answer.add({ image: "pa", box: BOX, label: "opacity" });
  palette.confide(3);
  assert.equal(answer.mark(id).confidence, 3);
  palette.confide(3);
  assert.equal(answer.mark(id).confidence, null);
});

test("a box that is not selected still tells how sure the learner was", () => {
  answer.add({ image: "pa", box: BOX, label: "opacity", confidence: 2 });
  answer.select(null);
  assert.equal(rows()[0].querySelector(".mark-name").textContent, "1. Opacity ●●○○○");
  assert.equal(rows()[0].querySelector(".confidence"), null);
});

test("after deleting by its bin the keyboard stays in the list", () => {
  answer.add({ image: "pa", box: BOX, label: "opacity" });
  answer.add({ image: "pa", box: BOX, label: "opacity" });
  const bin = rows()[1].querySelector("[aria-label^=Delete]");
  bin.focus();
  bin.click();
  assert.ok(rows()[0].contains(document.activeElement));
});

// sides of ticks

const sideButtons = () => all("[data-role=sides] button").map(({ textContent }) => textContent);
const pressed = () => all("[data-role=sides] [aria-pressed=true]").map(({ textContent }) => textContent);
const sideButton = (word) => all("[data-role=sides] button").find(({ textContent }) => textContent === word);

test("a ticked finding that has a side is asked for it, another one is not", () => {
  answer.tick("edema", true);
  assert.deepEqual(sideButtons(), []);
  answer.tick("pleural_effusion", true);
  assert.deepEqual(sideButtons(), ["Right", "Left", "Both"]);
  assert.deepEqual(pressed(), []);
  answer.tick("pleural_effusion", false);
  assert.deepEqual(sideButtons(), []);
});

test("a side is chosen, changed, and taken back by the same button, which keeps the keyboard", () => {
  answer.tick("pleural_effusion", true);
  sideButton("Left").focus();
  sideButton("Left").click();
  assert.deepEqual(answer.complete.ticked, [{ label: "pleural_effusion", side: "left" }]);
  assert.equal(document.activeElement, sideButton("Left"));
  assert.equal(announced(), "Pleural effusion: left.");
  sideButton("Both").click();
  assert.deepEqual(pressed(), ["Both"]);
  sideButton("Both").click();
  assert.deepEqual(answer.complete.ticked, ["pleural_effusion"]);
  assert.equal(announced(), "Pleural effusion: no side said.");
});

// devices

const tipped = () => answer.add({ image: "pa", point: [0.2, 0.3], label: "chest_tube" });
const questions = () => all(".position button").map(({ textContent }) => textContent);
const positionButton = (word) => all(".position button").find(({ textContent }) => textContent === word);

test("a label that is marked by its tip says so, whatever the case holds", () => {
  assert.equal(label("chest_tube").querySelectorAll(".by-tip").length, 1);
  assert.match(label("chest_tube").textContent, /, marked by its tip$/);
  assert.equal(label("pleural_thickening").querySelectorAll(".by-tip").length, 0);
  label("chest_tube").click();
  assert.match(announced(), /click on its tip/);
});

test("of a marked device its position is asked, of a box it is not", () => {
  answer.add({ image: "pa", box: BOX, label: "opacity" });
  assert.deepEqual(questions(), []);
  tipped();
  assert.deepEqual(questions(), ["Right", "Wrong"]);
  assert.match(announced(), /Chest tube: tip marked, 2 marks now/);
});

test("a position is answered by button or by key, changed, and left open again", () => {
  tipped();
  positionButton("Wrong").focus();
  positionButton("Wrong").click();
  assert.equal(answer.complete.marks[0].position, "wrong");
  assert.equal(document.activeElement, positionButton("Wrong"));
  assert.equal(announced(), "Position called wrong.");
  palette.judge("right");
  assert.equal(answer.complete.marks[0].position, "right");
  palette.judge("right");
  assert.equal(answer.complete.marks[0].position, null);
  assert.equal(answer.unjudged.length, 1);
});

test("a box has no position to judge", () => {
  answer.add({ image: "pa", box: BOX, label: "opacity" });
  assert.equal(palette.judge("right"), false);
});

// what has become of a finding since a prior film

const changes = () => all("[data-does^=change-]");

function comparing() {
  palette.close();
  answer = new Answer({}, null, { asksChange: true });
  palette = new Palette(document.getElementById("panel"), LABELS, answer, { onLabel: () => {}, asksChange: true });
}

test("beside a prior film a mark is asked what has become of it; the same answer again leaves it open", () => {
  comparing();
  const { id } = answer.add({ image: "pa", box: BOX, label: "opacity" });
  assert.deepEqual(changes().map(({ textContent }) => textContent), ["New", "Larger", "Smaller", "Unchanged"]);
  assert.deepEqual(palette.uncompared.map((mark) => mark.id), [id]);
  assert.equal(answer.complete.marks[0].change, null, "it was asked and nothing is said");
  changes()[1].click();
  assert.equal(answer.complete.marks[0].change, "larger");
  assert.equal(changes()[1].getAttribute("aria-pressed"), "true");
  assert.match(palette.panel.querySelector("[data-role=announce]").textContent, /Called larger/);
  assert.deepEqual(palette.uncompared, []);
  changes()[1].click();
  assert.equal(answer.complete.marks[0].change, null);
  answer.undo();
  assert.equal(answer.complete.marks[0].change, "larger");
});

test("a key goes from answer to answer and past the last", () => {
  comparing();
  const { id } = answer.add({ image: "pa", box: BOX, label: "opacity" });
  const said = ["new", "larger", "smaller", "unchanged", null, "new"].map(() => (palette.compare(), answer.mark(id).change));
  assert.deepEqual(said, ["new", "larger", "smaller", "unchanged", null, "new"]);
  answer.select(null);
  assert.equal(palette.compare(), false);
});

test("variants are not asked, and nothing is without a prior film", () => {
  comparing();
  answer.add({ image: "pa", box: BOX, label: "fold" });
  assert.deepEqual(changes(), []);
  assert.deepEqual(palette.uncompared, []);
  palette.close();
  answer = new Answer();
  palette = new Palette(document.getElementById("panel"), LABELS, answer, { onLabel: () => {} });
  answer.add({ image: "pa", box: BOX, label: "opacity" });
  assert.deepEqual(changes(), []);
  assert.equal("change" in answer.complete.marks[0], false);
});
