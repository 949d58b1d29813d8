import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { KeyboardCrosshair } from "../../../static/src/marks/crosshair.js";
import { Answer } from "../../../static/src/marks/answer.js";
import { openPage } from "../page.js";
import { FakeViewer, closeTo } from "../stage.js";

let answer;
let crosshair;
let label;
let viewer;

beforeEach(() => {
  openPage('<svg id="marks"></svg>');
  const svg = document.getElementById("marks");
  Object.defineProperties(svg, { clientWidth: { value: 800 }, clientHeight: { value: 600 } });
  viewer = new FakeViewer({ width: 1000, height: 500, scale: 0.5 });
  answer = new Answer();
  label = null;
  crosshair = new KeyboardCrosshair(svg, { viewer, image: viewer.image }, answer, () => label, { isPoint: (slug) => slug === "chest_tube" });
});

const key = (name, modifiers = {}) => crosshair.key({ key: name, ...modifiers });
const shapes = () => [...crosshair.group.children].map(({ localName }) => localName);
const shape = (name, attribute) => Number(crosshair.group.querySelector(name).getAttribute(attribute));

function keys(...names) {
  for (const name of names) key(name);
}

function assertBox(expected) {
  assert.equal(answer.marks.length, 1);
  assert.ok(closeTo(answer.marks[0].box, expected), JSON.stringify(answer.marks[0].box));
}

test("until it is switched on it takes no key and draws nothing", () => {
  for (const name of ["ArrowLeft", "Enter", " ", "Escape"]) assert.equal(key(name), false);
  assert.deepEqual(shapes(), []);
});

test("it begins in the middle of the image, with a line each way", () => {
  crosshair.toggle();
  assert.deepEqual(crosshair.at, [500, 250]);
  assert.deepEqual(shapes(), ["line", "line"]);
  assert.equal(shape("line", "x1"), 250);
  assert.equal(document.querySelectorAll("#marks > g.crosshair > line").length, 2);
});

test("arrows move it by a hundredth, with Shift by a twentieth, with Ctrl by a thousandth of the width", () => {
  crosshair.toggle();
  assert.equal(key("ArrowRight"), true);
  assert.deepEqual(crosshair.at, [510, 250]);
  key("ArrowUp", { shiftKey: true });
  assert.deepEqual(crosshair.at, [510, 200]);
  key("ArrowLeft", { ctrlKey: true });
  assert.deepEqual(crosshair.at, [509, 200]);
  key("ArrowDown", { ctrlKey: true });
  assert.deepEqual(crosshair.at, [509, 201]);
});

test("on a small image a step is never less than a pixel", () => {
  Object.assign(viewer.image, { width: 40, height: 20 });
  crosshair.toggle();
  key("ArrowRight", { ctrlKey: true });
  assert.deepEqual(crosshair.at, [21, 10]);
});

test("it stops at the image's edges", () => {
  crosshair.toggle();
  for (let step = 0; step < 40; step += 1) {
    key("ArrowRight", { shiftKey: true });
    key("ArrowDown", { shiftKey: true });
  }
  assert.deepEqual(crosshair.at, [1000, 500]);
  for (let step = 0; step < 40; step += 1) {
    key("ArrowLeft", { shiftKey: true });
    key("ArrowUp", { shiftKey: true });
  }
  assert.deepEqual(crosshair.at, [0, 0]);
});

test("Enter sets a corner, Enter again the other, and the box is a mark of the chosen label", () => {
  label = "fracture";
  viewer.frame = 3;
  crosshair.toggle();
  keys("Enter", "ArrowRight", "ArrowRight", "ArrowDown");
  assert.deepEqual(answer.marks, []);
  assert.deepEqual(shapes(), ["line", "line", "rect"]);
  assert.deepEqual(["x", "y", "width", "height"].map((name) => shape("rect", name)), [250, 125, 10, 5]);
  assert.equal(key("Enter"), true);
  assertBox([0.5, 0.5, 0.52, 0.52]);
  const { label: given, image, frame } = answer.marks[0];
  assert.deepEqual({ given, image, frame }, { given: "fracture", image: "pa", frame: 3 });
  assert.equal(crosshair.on, false);
  assert.deepEqual(shapes(), []);
});

test("corners may be set in any order, and Space sets them too", () => {
  crosshair.toggle();
  keys(" ", "ArrowLeft", "ArrowUp", " ");
  assertBox([0.49, 0.48, 0.5, 0.5]);
  assert.equal(answer.marks[0].label, null);
});

test("a box drawn by keyboard is one undo step", () => {
  crosshair.toggle();
  keys("Enter", "ArrowRight", "ArrowDown", "Enter");
  answer.undo();
  assert.deepEqual(answer.marks, []);
});

test("two corners on one line make no box, and it stays on to try again", () => {
  crosshair.toggle();
  for (const between of [[], ["ArrowRight"], ["ArrowDown"]]) {
    keys("Enter", ...between, "Enter");
    assert.deepEqual(answer.marks, []);
    assert.deepEqual(shapes(), ["line", "line"]);
  }
  keys("Enter", "ArrowRight", "ArrowDown", "Enter");
  assert.equal(answer.marks.length, 1);
});

test("Esc switches it off and forgets the corner", () => {
  crosshair.toggle();
  keys("Enter", "ArrowRight");
  assert.equal(key("Escape"), true);
  assert.deepEqual(shapes(), []);
  crosshair.toggle();
  assert.deepEqual(shapes(), ["line", "line"]);
  keys("ArrowDown", "Enter");
  assert.deepEqual(answer.marks, []);
});

test("switched on again it is where it was left", () => {
  crosshair.toggle();
  keys("ArrowRight", "Escape");
  crosshair.toggle();
  assert.deepEqual(crosshair.at, [510, 250]);
});

test("any other key is not for it", () => {
  crosshair.toggle();
  for (const name of ["i", "PageDown", "Tab", "z"]) assert.equal(key(name), false);
  assert.equal(crosshair.on, true);
});

test("it stays on its place in the image when the camera moves", () => {
  crosshair.toggle();
  key("Enter");
  viewer.look({ scale: 2, origin: [-100, 30] });
  assert.equal(shape("line", "x1"), 900);
  assert.equal(shape("rect", "y"), 530);
});

test("nothing is drawn before the image is shown", () => {
  viewer.shown = false;
  crosshair.toggle();
  assert.deepEqual(shapes(), []);
});

test("of a device one Enter marks the tip", () => {
  label = "chest_tube";
  crosshair.toggle();
  keys("ArrowRight", "Enter");
  assert.equal(answer.marks.length, 1);
  assert.deepEqual(answer.marks[0].point, [0.51, 0.5]);
  assert.equal(crosshair.on, false);
});

test("where it is told of places, each is told of as it moves and nothing is drawn", () => {
  const told = [];
  crosshair.telling = ([x, y]) => told.push([x, y]);
  crosshair.toggle();
  keys("ArrowRight", "Enter", "Enter");
  assert.deepEqual(told, [[500, 250], [510, 250], [510, 250], [510, 250]]);
  assert.equal(answer.marks.length, 0);
  key("Escape");
  assert.equal(told.length, 4);
});
