import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Answer } from "../../../static/src/marks/answer.js";
import { Overlay, confidenceDots } from "../../../static/src/marks/overlay.js";
import { openPage } from "../page.js";
import { FakeViewer, closeTo } from "../stage.js";

// The image is 1000 × 500 pixels at half size: 500 × 250 on the canvas.
const BOX = [0.2, 0.2, 0.4, 0.6]; // on the canvas 100 50 200 150
let answer;
let overlay;
let viewer;

beforeEach(() => {
  openPage('<svg id="marks"></svg>');
  viewer = new FakeViewer({ width: 1000, height: 500, scale: 0.5 });
  answer = new Answer();
  overlay = open();
});

function open(options = {}) {
  const svg = document.getElementById("marks");
  return new Overlay(svg, viewer, answer, { nameOf: (slug) => `Name of ${slug}`, ...options });
}

const groups = () => [...overlay.shapes.children];
const kinds = () => groups().map((group) => group.getAttribute("class"));
const drawn = (selector, names) => names.map((name) => Number(overlay.shapes.querySelector(selector).getAttribute(name)));
const rubber = (...names) => names.map((name) => overlay.rubber.getAttribute(name));

function assertBox(actual, expected) {
  assert.ok(closeTo(actual, expected), `${JSON.stringify(actual)} is not ${JSON.stringify(expected)}`);
}

function drag(from, ...to) {
  const action = overlay.press(from);
  for (const point of to) action.move(point);
  return action.end(to.at(-1));
}

// showing

test("boxes and the rubber band are on the page, the band unseen", () => {
  answer.add({ image: "pa", box: BOX, label: "bulla" });
  assert.equal(document.querySelectorAll("#marks .box").length, 1);
  assert.equal(document.querySelector("#marks .rubber").getAttribute("visibility"), "hidden");
});

test("a mark is drawn where it lies, with its name, and follows the camera", () => {
  answer.add({ image: "pa", box: BOX, label: "bulla", confidence: 2 });
  assert.deepEqual(drawn("rect.line", ["x", "y", "width", "height"]), [100, 50, 100, 100]);
  assert.equal(overlay.shapes.querySelector("text").textContent, "Name of bulla  ●●○○○");
  viewer.look({ scale: 1, origin: [10, -20] });
  assert.deepEqual(drawn("rect.line", ["x", "y", "width", "height"]), [210, 80, 200, 200]);
});

test("far right a name ends with its box, so that the pane does not cut it", () => {
  Object.defineProperty(overlay.svg, "clientWidth", { value: 500 });
  answer.add({ image: "pa", box: [0.8, 0.2, 0.9, 0.6], label: "bulla" });
  const [text] = [...overlay.shapes.querySelectorAll("text")];
  assert.deepEqual([text.getAttribute("x"), text.getAttribute("text-anchor")], ["450", "end"]);
});

test("a box without a label asks for one and looks different", () => {
  answer.add({ image: "pa", box: BOX });
  assert.match(kinds()[0], /unlabeled/);
  assert.equal(overlay.shapes.querySelector("text").textContent, "choose a label");
});

test("a name at the image's top goes below its box", () => {
  answer.add({ image: "pa", box: [0.2, 0, 0.4, 0.4], label: "bulla" });
  assert.ok(drawn("text", ["y"])[0] > 100);
  answer.undo();
  answer.add({ image: "pa", box: BOX, label: "bulla" });
  assert.ok(drawn("text", ["y"])[0] < 50);
});

test("only marks of this image and this frame are shown", () => {
  answer.add({ image: "lateral", box: BOX, label: "bulla" });
  answer.add({ image: "pa", frame: 2, box: BOX, label: "bulla" });
  assert.deepEqual(overlay.shown(), []);
  viewer.frame = 2;
  viewer.dispatchEvent(new Event("frame"));
  assert.equal(groups().length, 1);
});

test("a frame that is not given is the first", () => {
  overlay = open({ extra: () => [{ id: "t", image: "pa", box: BOX, kind: "truth hit", text: "" }] });
  assert.deepEqual(overlay.shown().map(({ id }) => id), ["t"]);
});

test("only the selected mark has handles", () => {
  const first = answer.add({ image: "pa", box: BOX, label: "bulla" });
  answer.add({ image: "pa", box: [0.6, 0.6, 0.8, 0.8], label: "bulla" });
  answer.select(first.id);
  assert.deepEqual(groups().map((group) => group.querySelectorAll(".handle").length), [4, 0]);
  assert.match(kinds()[0], /selected/);
  const middle = (handle) => ["x", "y"].map((side) => Number(handle.getAttribute(side)) + Number(handle.getAttribute("width")) / 2);
  const corners = [...groups()[0].querySelectorAll(".handle")].map(middle);
  assert.deepEqual(corners, [[100, 50], [200, 50], [100, 150], [200, 150]]);
});

test("hidden boxes are not drawn, and come back", () => {
  answer.add({ image: "pa", box: BOX, label: "bulla" });
  overlay.hidden = true;
  overlay.draw();
  assert.deepEqual(groups(), []);
  overlay.hidden = false;
  overlay.draw();
  assert.equal(groups().length, 1);
});

test("hidden boxes cannot be taken hold of", () => {
  answer.add({ image: "pa", box: BOX, label: "bulla" });
  overlay.hidden = true;
  assert.equal(overlay.at([100, 100]), null);
  assert.equal(overlay.cursorAt([100, 100]), "crosshair");
});

test("nothing is drawn before the image is shown", () => {
  viewer.shown = false;
  answer.add({ image: "pa", box: BOX, label: "bulla" });
  assert.deepEqual(groups(), []);
});

test("when it is read only the answer gives way to the review, which cannot be moved", () => {
  answer.add({ image: "pa", box: BOX, label: "bulla" });
  const truth = { id: "t", image: "pa", frame: 0, box: BOX, kind: "truth hit", text: "✓ Bulla", selected: true };
  overlay = open({ readOnly: true, extra: () => [truth] });
  overlay.draw();
  assert.deepEqual(kinds(), ["box truth hit selected"]);
  assert.equal(groups()[0].querySelectorAll(".handle").length, 0);
  assert.equal(overlay.at([100, 100]), null);
});

test("a label's name is text, never markup", () => {
  overlay = open({ nameOf: () => "<b>Bold</b>" });
  answer.add({ image: "pa", box: BOX, label: "bulla" });
  assert.equal(overlay.shapes.querySelectorAll("b").length, 0);
});

test("confidence is five dots, or none when it was not given", () => {
  assert.equal(confidenceDots(null), "");
  assert.equal(confidenceDots(1).trim(), "●○○○○");
  assert.equal(confidenceDots(5).trim(), "●●●●●");
});

// taking hold

test("a mark is taken by its lines and corners, not by its inside", () => {
  const { id } = answer.add({ image: "pa", box: BOX, label: "bulla" });
  assert.deepEqual(overlay.at([200, 150]), { id, place: BOX, part: "se" });
  assert.equal(overlay.at([150, 50]).part, "edge");
  assert.equal(overlay.at([150, 100]), null);
  assert.equal(overlay.at([400, 100]), null);
});

test("where two marks meet the selected one is taken", () => {
  const first = answer.add({ image: "pa", box: BOX, label: "bulla" });
  const second = answer.add({ image: "pa", box: BOX, label: "fracture" });
  assert.equal(overlay.at([100, 50]).id, second.id);
  answer.select(first.id);
  assert.equal(overlay.at([100, 50]).id, first.id);
});

test("the cursor says what a press would do", () => {
  answer.add({ image: "pa", box: BOX, label: "bulla" });
  const cursors = [[100, 50], [200, 50], [150, 50], [150, 100]].map((point) => overlay.cursorAt(point));
  assert.deepEqual(cursors, ["nwse-resize", "nesw-resize", "move", "crosshair"]);
});

test("a finger reaches further than the mouse", () => {
  const { id } = answer.add({ image: "pa", box: BOX, label: "bulla" });
  answer.select(null);
  overlay.press([88, 100]).cancel();
  assert.equal(answer.selected, null);
  overlay.press([88, 100], { touch: true });
  assert.equal(answer.selected, id);
});

// moving and resizing

test("a line moves the box, in one undo step, shown all the way", () => {
  const { id } = answer.add({ image: "pa", box: BOX, label: "bulla" });
  const action = overlay.press([150, 50]);
  action.move([175, 60]);
  assertBox(answer.mark(id).box, [0.25, 0.24, 0.45, 0.64]);
  assert.equal(drawn("rect.line", ["x"])[0], 125);
  action.move([200, 75]);
  action.end([200, 75]);
  assertBox(answer.mark(id).box, [0.3, 0.3, 0.5, 0.7]);
  answer.undo();
  assertBox(answer.mark(id).box, BOX);
});

test("each corner's handle resizes from that corner", () => {
  const { id } = answer.add({ image: "pa", box: BOX, label: "bulla" });
  const corners = { nw: [100, 50], ne: [200, 50], sw: [100, 150], se: [200, 150] };
  const expected = { nw: [0.25, 0.3, 0.4, 0.6], ne: [0.2, 0.3, 0.45, 0.6], sw: [0.25, 0.2, 0.4, 0.7], se: [0.2, 0.2, 0.45, 0.7] };
  for (const [corner, [x, y]] of Object.entries(corners)) {
    drag([x, y], [x + 25, y + 25]);
    assertBox(answer.mark(id).box, expected[corner]);
    answer.undo();
  }
});

test("a box is held at the image's edge", () => {
  const { id } = answer.add({ image: "pa", box: BOX, label: "bulla" });
  drag([150, 50], [-900, -900]);
  assertBox(answer.mark(id).box, [0, 0, 0.2, 0.4]);
  drag([100, 100], [2000, 2000]);
  assertBox(answer.mark(id).box, [0, 0, 1, 1]);
});

test("a press on a line without a move selects the mark and changes nothing", () => {
  const first = answer.add({ image: "pa", box: BOX, label: "bulla" });
  answer.add({ image: "pa", box: [0.6, 0.6, 0.8, 0.8], label: "bulla" });
  overlay.press([150, 50]).end([150, 50]);
  assert.equal(answer.selected, first.id);
  answer.undo();
  assert.equal(answer.marks.length, 1);
});

test("a trembling click on a line selects the mark and changes nothing", () => {
  const { id } = answer.add({ image: "pa", box: BOX, label: "bulla" });
  drag([150, 50], [151, 50]);
  assertBox(answer.mark(id).box, BOX);
  answer.undo();
  assert.deepEqual(answer.marks, []);
});

test("a move that is called off leaves the box as it was, and no undo step", () => {
  const { id } = answer.add({ image: "pa", box: BOX, label: "bulla" });
  const action = overlay.press([150, 50]);
  action.move([300, 100]);
  action.cancel();
  assertBox(answer.mark(id).box, BOX);
  answer.undo();
  assert.deepEqual(answer.marks, []);
});

test("a move by the same pixels is the same at any zoom", () => {
  const { id } = answer.add({ image: "pa", box: BOX, label: "bulla" });
  viewer.look({ scale: 2, origin: [-300, -100] });
  drag([300, 100], [320, 120]);
  assertBox(answer.mark(id).box, [0.21, 0.22, 0.41, 0.62]);
});

// drawing

test("a drag draws a box of the chosen label on this image and frame", () => {
  viewer.frame = 4;
  const action = overlay.press([50, 25], { label: "bulla" });
  action.move([100, 75]);
  assert.deepEqual(rubber("x", "y", "width", "height", "visibility"), ["50", "25", "50", "50", "visible"]);
  assert.equal(action.end([100, 75]), true);
  assert.deepEqual(rubber("visibility"), ["hidden"]);
  const [{ box, label, image, frame }] = answer.marks;
  assertBox(box, [0.1, 0.1, 0.2, 0.3]);
  assert.deepEqual({ label, image, frame }, { label: "bulla", image: "pa", frame: 4 });
});

test("the rubber band follows to every side of where it began", () => {
  const action = overlay.press([100, 100]);
  action.move([60, 70]);
  assert.deepEqual(rubber("x", "y", "width", "height"), ["60", "70", "40", "30"]);
});

test("a box drawn past the image's edge ends at it", () => {
  drag([400, 200], [900, 900]);
  assertBox(answer.marks[0].box, [0.8, 0.8, 1, 1]);
});

test("a drag beside the image draws nothing", () => {
  drag([600, 20], [700, 120]);
  drag([50, 300], [150, 400]);
  assert.deepEqual(answer.marks, []);
});

test("a press that moves less than three pixels is a click, not a box", () => {
  assert.equal(drag([50, 50], [52, 52]), false);
  assert.equal(drag([50, 50], [53, 53]), true);
});

test("a drag along a line makes no box without width or height", () => {
  drag([50, 50], [52, 150]);
  drag([50, 50], [150, 52]);
  assert.deepEqual(answer.marks, []);
});

test("a box can be drawn inside another", () => {
  answer.add({ image: "pa", box: BOX, label: "bulla" });
  drag([120, 80], [160, 120]);
  assert.equal(answer.marks.length, 2);
  assertBox(answer.marks[0].box, BOX);
  assertBox(answer.marks[1].box, [0.24, 0.32, 0.32, 0.48]);
});

test("a drawing that is called off leaves no band and no box", () => {
  const action = overlay.press([50, 50]);
  action.move([150, 150]);
  action.cancel();
  assert.deepEqual(rubber("visibility"), ["hidden"]);
  assert.deepEqual(answer.marks, []);
});

test("the band starts where it began on the image, even when the camera moved since", () => {
  const action = overlay.press([100, 100]); // image pixel 200 200
  viewer.look({ scale: 1 });
  action.move([300, 260]);
  assert.deepEqual(rubber("x", "y", "width", "height"), ["200", "200", "100", "60"]);
});

test("whether a press was a click is measured where the first corner lies now", () => {
  const action = overlay.press([100, 100]); // image pixel 200 200
  viewer.look({ scale: 1 });
  assert.equal(action.end([101, 101]), true); // image pixel 101 101
  assertBox(answer.marks[0].box, [0.101, 0.202, 0.2, 0.4]);
});

test("a flight begins at the one box, ends at the other, and leaves nothing behind", async () => {
  let asked;
  let land;
  const animate = (steps, options) => {
    asked = { steps, options };
    return { finished: new Promise((resolve) => (land = resolve)) };
  };
  window.SVGElement.prototype.animate = animate;
  overlay.fly([0, 0, 0.1, 0.2], BOX); // on the canvas 0 0 50 50 to 100 50 200 150
  assert.equal(document.querySelectorAll(".flight").length, 1);
  assert.equal(asked.steps[0].transform, "translate(-50px, -25px) scale(0.5, 0.5)");
  assert.equal(asked.steps[1].transform, "none");
  assert.ok(asked.options.duration <= 150);
  land();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(document.querySelectorAll(".flight").length, 0);
});

test("who wants no motion, or hides what is drawn, sees no flight", () => {
  globalThis.matchMedia = () => ({ matches: true });
  overlay.fly(BOX, BOX);
  globalThis.matchMedia = () => ({ matches: false });
  overlay.hidden = true;
  overlay.fly(BOX, BOX);
  delete globalThis.matchMedia;
  assert.equal(document.querySelectorAll(".flight").length, 0);
});

// points

const TIP = [0.3, 0.4]; // on the canvas 150 100
const tube = () => answer.add({ image: "pa", point: TIP, label: "tracheal_tube" });
const tubes = () => open({ isPoint: (slug) => slug === "tracheal_tube" });

test("a point is a cross that leaves its middle open, with its name beside it", () => {
  tube();
  const [, line] = overlay.shapes.querySelectorAll("path");
  assert.equal(line.getAttribute("class"), "line");
  assert.match(line.getAttribute("d"), /^M141 100a9 9/);
  assert.doesNotMatch(line.getAttribute("d"), /150 100/);
  assert.equal(overlay.shapes.querySelector("text").textContent, "Name of tracheal_tube");
  assert.equal(overlay.shapes.querySelectorAll("rect").length, 0);
});

test("one press with such a label in hand sets its point where the press ends", () => {
  overlay = tubes();
  const action = overlay.press([100, 100], { label: "tracheal_tube" });
  action.move([140, 90]);
  assert.equal(overlay.pin.getAttribute("visibility"), "visible");
  assert.equal(action.end([150, 100]), true);
  assert.equal(overlay.pin.getAttribute("visibility"), "hidden");
  assert.deepEqual(answer.marks[0].point, TIP);
  assert.equal(answer.marks[0].box, undefined);
  assert.equal(answer.selected, answer.marks[0].id);
});

test("a press beside the image, or one that became a pinch, sets no point", () => {
  overlay = tubes();
  overlay.press([150, 100], { label: "tracheal_tube" }).end([600, 100]);
  const action = overlay.press([150, 100], { label: "tracheal_tube" });
  action.move([150, 100]);
  action.cancel();
  assert.deepEqual(answer.marks, []);
  assert.equal(overlay.pin.getAttribute("visibility"), "hidden");
});

test("other labels, and none, still draw boxes", () => {
  overlay = tubes();
  for (const [label, x] of [["bulla", 100], [null, 300]]) {
    const action = overlay.press([x, 50], { label });
    action.move([x + 100, 150]);
    action.end([x + 100, 150]);
  }
  assert.deepEqual(answer.marks.map(({ box, point }) => [Boolean(box), point]), [[true, undefined], [true, undefined]]);
});

test("a point is dragged within the image, in one undo step", () => {
  const { id } = tube();
  const action = overlay.press([155, 104]);
  action.move([205, 104]);
  assertBox(answer.mark(id).point, [0.4, 0.4]);
  action.end([1155, -896]);
  assert.deepEqual(answer.mark(id).point, [1, 0]);
  answer.undo();
  assert.deepEqual(answer.mark(id).point, TIP);
});

test("the way to a tip and an outline are drawn as lines", () => {
  const truth = { id: "t", image: "pa", frame: 0, kind: "truth missed", text: "", box: BOX };
  overlay = open({ readOnly: true, extra: () => [{ ...truth, point: TIP, path: [[0.2, 0], TIP] }, { ...truth, outline: [[0.2, 0.2], [0.4, 0.2], [0.3, 0.6]] }] });
  overlay.draw();
  const lines = [...overlay.shapes.querySelectorAll("path.line")].map((path) => path.getAttribute("d"));
  assert.deepEqual([lines[0], lines[2]], ["M100 0L150 100", "M100 50L200 50L150 150Z"]);
});

test("in the feedback the learner's own cross is slanted, so that two crosses at a place are told apart", () => {
  const place = { image: "pa", frame: 0, text: "", box: BOX, point: TIP };
  overlay = open({ readOnly: true, extra: () => [{ ...place, id: "t", kind: "truth hit" }, { ...place, id: "m", kind: "own hit" }] });
  overlay.draw();
  const [truth, own] = [...overlay.shapes.querySelectorAll("path.line")].map((path) => path.getAttribute("d"));
  assert.match(truth, /M155 100L167 100/);
  assert.doesNotMatch(own, /L167 100/);
});
