import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Review, SIGNS, boxesOf, flightOf, inView } from "../../../static/src/feedback/review.js";
import { openPage, turn } from "../page.js";

const BOX = [0.1, 0.1, 0.3, 0.3];

function row(id, outcome, more = {}) {
  return { id, outcome, name: `Name of ${id}`, image: "pa", frame: 0, box: BOX, ...more };
}

// Two truths, one of them without a box; a hit, which has no row of its own, and a false mark.
function aReview() {
  return {
    truths: [row("t1", "missed"), row("t2", "hit", { box: null, image: null })],
    marks: [row("m1", "hit"), row("m2", "false", { image: "lateral", frame: 4 })],
  };
}

let review;
let gone;
let redrawn;

beforeEach(() => {
  openPage(`<aside id="panel">
    <details data-row="t1"><summary>One</summary></details>
    <details data-row="t2"><summary>Two</summary></details>
    <details data-row="m2"><summary>Yours</summary></details>
  </aside>`);
  gone = [];
  redrawn = 0;
  review = open(aReview());
});

function open(data) {
  const panel = document.getElementById("panel");
  return new Review(panel, data, { go: (item) => gone.push(item?.id ?? "all of it"), redraw: () => (redrawn += 1) });
}

const opened = () => review.rows.filter((element) => element.open).map(({ dataset }) => dataset.row);

test("truths lie below marks, and a finding without a box is not drawn", () => {
  assert.deepEqual(boxesOf(aReview()).map(({ id }) => id), ["t1", "m1", "m2"]);
});

test("every outcome has its look and its sign, so that color is never all that tells", () => {
  const truths = ["hit", "missed", "poorly_located", "wrong_label"].map((outcome) => row(outcome, outcome));
  const marks = ["hit", "duplicate", "poorly_located", "wrong_label", "false"].map((outcome) => row(outcome, outcome));
  const boxes = boxesOf({ truths, marks });
  const look = (whose) => ({ id }) => `${whose} ${id.replace("_", "-")}`; // as in the style sheet
  assert.deepEqual(boxes.map(({ kind }) => kind), [...truths.map(look("truth")), ...marks.map(look("own"))]);
  for (const { id, text } of boxes) {
    if (text) assert.ok(SIGNS[id] && text.startsWith(SIGNS[id]), text);
  }
});

test("a mark that hit carries no second name, every other says that it is yours", () => {
  const boxes = boxesOf(aReview());
  assert.equal(boxes.find(({ id }) => id === "t1").text, "◌ Name of t1");
  assert.equal(boxes.find(({ id }) => id === "m1").text, "");
  assert.equal(boxes.find(({ id }) => id === "m2").text, "✕ your Name of m2");
});

test("a box stays on its image and frame", () => {
  const { image, frame, box } = boxesOf(aReview()).find(({ id }) => id === "m2");
  assert.deepEqual({ image, frame, box }, { image: "lateral", frame: 4, box: BOX });
});

test("at first no row is current and no box selected", () => {
  assert.equal(review.selectedId, null);
  assert.deepEqual(review.boxes().map(({ selected }) => selected), [false, false, false]);
});

test("the row that lost most is open at first, with its place, and the keyboard stays where it was", () => {
  const before = document.activeElement;
  review = open({ ...aReview(), open: "m2" });
  review.open();
  assert.deepEqual(opened(), ["m2"]);
  assert.deepEqual(gone, ["m2"]);
  assert.equal(review.selectedId, "m2");
  assert.equal(document.activeElement, before);
  review.step(1);
  assert.equal(review.selectedId, "t1");
});

test("where nothing was lost no row opens by itself", () => {
  review = open({ ...aReview(), open: null });
  review.open();
  assert.deepEqual(opened(), []);
  assert.deepEqual(gone, []);
});

test("stepping forward goes through the rows and round again", () => {
  const seen = [];
  for (let step = 0; step < 4; step += 1) {
    review.step(1);
    seen.push(review.selectedId);
  }
  assert.deepEqual(seen, ["t1", "t2", "m2", "t1"]);
});

test("stepping back from the start begins at the last row", () => {
  const seen = [];
  for (let step = 0; step < 4; step += 1) {
    review.step(-1);
    seen.push(review.selectedId);
  }
  assert.deepEqual(seen, ["m2", "t2", "t1", "m2"]);
});

test("the current row is the only open one, and its box the only selected one", () => {
  review.step(1);
  review.step(1);
  review.step(1);
  assert.deepEqual(opened(), ["m2"]);
  assert.deepEqual(review.rows.map((element) => element.classList.contains("current")), [false, false, true]);
  assert.deepEqual(review.boxes().filter(({ selected }) => selected).map(({ id }) => id), ["m2"]);
});

test("the image follows to the row's box, and is shown whole where there is none", () => {
  for (let step = 0; step < 3; step += 1) review.step(1);
  assert.deepEqual(gone, ["t1", "all of it", "m2"]);
  assert.equal(redrawn, 3);
});

test("the current row is scrolled into view", (t) => {
  const scrolled = t.mock.method(review.rows[1], "scrollIntoView", () => {});
  review.show(1);
  assert.equal(scrolled.mock.callCount(), 1);
});

test("a click on a row's line shows that row", () => {
  review.rows[2].querySelector("summary").click();
  assert.deepEqual(opened(), ["m2"]);
  assert.deepEqual(gone, ["m2"]);
  review.step(-1);
  assert.equal(review.selectedId, "t2");
});

test("a second click on a row's line closes it", () => {
  review.rows[0].querySelector("summary").click();
  review.rows[0].querySelector("summary").click();
  assert.deepEqual(opened(), []);
});

test("the other readers' boxes are shown with the current finding only", () => {
  const data = aReview();
  data.truths[0].others = [[0.2, 0.2, 0.3, 0.3]];
  review = open(data);
  assert.equal(review.boxes().length, 3);
  review.step(1);
  assert.deepEqual(review.boxes()[0], { id: null, image: "pa", frame: 0, box: [0.2, 0.2, 0.3, 0.3], kind: "truth other-reader", text: "", selected: false, dim: false });
});

test("what does not belong to the current row steps back", () => {
  const data = aReview();
  data.truths[0].mark = "m1";
  review = open(data);
  review.step(1);
  assert.deepEqual(review.boxes().map(({ id, dim }) => [id, dim]), [["t1", false], ["m1", false], ["m2", true]]);
});

test("the keyboard goes to the line of the row that is shown", () => {
  review.step(1);
  assert.equal(document.activeElement, review.rows[0].querySelector("summary"));
});

test("buttons step as the arrows do, and the place in the list is told", () => {
  const panel = document.getElementById("panel");
  panel.insertAdjacentHTML("afterbegin", '<button data-step="1"></button><span data-role="position"></span>');
  review = open(aReview());
  panel.querySelector("button").click();
  panel.querySelector("button").click();
  assert.equal(review.selectedId, "t2");
  assert.equal(panel.querySelector("[data-role=position]").textContent, "2 of 3");
});

test("a close-up pair is drawn once, when its row is first shown", () => {
  const drawn = [];
  const data = aReview();
  data.truths[0].closeup = { image: "pa" };
  review.rows[0].insertAdjacentHTML("beforeend", "<div data-closeup></div>");
  const panel = document.getElementById("panel");
  const closeups = { draw: (element, closeup) => drawn.push(closeup) };
  review = new Review(panel, data, { go: () => {}, redraw: () => {}, closeups });
  for (let step = 0; step < 4; step += 1) review.step(1);
  assert.deepEqual(drawn, [{ image: "pa" }]);
});

test("a review without rows has nothing to step through", () => {
  document.getElementById("panel").innerHTML = "";
  review = open({ truths: [], marks: [] });
  review.step(1);
  review.step(-1);
  assert.equal(review.selectedId, null);
  assert.deepEqual(review.boxes(), []);
  assert.equal(redrawn, 0);
});

test("a mark flies to the finding it was measured against, once that is in sight", async () => {
  const data = aReview();
  data.truths[0].mark = "m1";
  const flights = [];
  const panel = document.getElementById("panel");
  let arrive;
  const go = () => new Promise((resolve) => (arrive = resolve));
  const flying = new Review(panel, data, { go, redraw: () => {}, fly: (flight) => flights.push(flight) });
  flying.show(0);
  assert.deepEqual(flights, []);
  arrive();
  await turn();
  assert.deepEqual(flights, [{ image: "pa", frame: 0, from: BOX, to: BOX }]);
  flying.show(0);
  flying.show(1);
  arrive();
  await turn();
  assert.equal(flights.length, 1, "nothing flies to a finding that was left again");
});

test("nothing flies where no mark was paired, or to another image or slice", () => {
  const items = new Map([["m1", row("m1", "hit")], ["m2", row("m2", "hit", { frame: 4 })]]);
  for (const item of [row("t", "missed"), row("t", "hit", { mark: "m2" }), row("t", "hit", { mark: "m1", box: null }), undefined]) {
    assert.equal(flightOf(item, items), null);
  }
});

test("a tip keeps its point and the way to it, an outline its corners; other readers are boxes", () => {
  const tip = { ...row("tip", "missed"), point: [0.3, 0.4], path: [[0.2, 0], [0.3, 0.4]], others: [BOX] };
  const outlined = { ...row("outlined", "hit"), outline: [[0.1, 0.1], [0.2, 0.1], [0.2, 0.3]] };
  const mark = { ...row("own", "false"), point: [0.5, 0.5] };
  const shown = new Map(boxesOf({ truths: [tip, outlined], marks: [mark] }, "tip").map((item) => [item.id, item]));
  assert.deepEqual([shown.get("tip").point, shown.get("tip").path], [tip.point, tip.path]);
  assert.deepEqual(shown.get("outlined").outline, outlined.outline);
  assert.deepEqual(shown.get("own").point, [0.5, 0.5]);
  assert.equal(shown.get(null).point, undefined);
});

test("of a tip is looked at what lies around it, and around the mark that was meant for it", () => {
  const tip = { ...row("tip", "poorly_located"), image: "pa", mark: "own", point: [0.5, 0.5], box: [0.49, 0.49, 0.51, 0.51] };
  const rounded = (item, mark) => inView(item, new Map([["own", mark]])).box.map((side) => Math.round(side * 100) / 100);
  assert.deepEqual(rounded(tip, undefined), [0.42, 0.42, 0.58, 0.58]);
  assert.deepEqual(rounded(tip, { image: "pa", point: [0.7, 0.4] }), [0.42, 0.32, 0.78, 0.58]);
  assert.deepEqual(rounded(tip, { image: "lateral", point: [0.7, 0.4] }), [0.42, 0.42, 0.58, 0.58]);
  assert.equal(inView(row("boxed", "hit"), new Map()).box.length, 4);
});

test("what is gone since is shown on the prior film when it is asked for", () => {
  openPage(`<aside id="panel"><button type="button" data-before="1">Show it</button></aside>`);
  const before = [row("b0", "before"), row("b1", "before", { image: "prior" })];
  open({ ...aReview(), before });
  document.querySelector("[data-before]").click();
  assert.deepEqual(gone, ["b1"]);
});
