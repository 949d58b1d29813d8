import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { MOUSE } from "../../../static/src/shell/bindings.js";
import { Gestures } from "../../../static/src/viewer/gestures.js";
import { Answer } from "../../../static/src/marks/answer.js";
import { Overlay } from "../../../static/src/marks/overlay.js";
import { openPage } from "../page.js";
import { FakeViewer, closeTo } from "../stage.js";

const LEFT = 100; // where the canvas lies on the page
const TOP = 50;
const BOX = [0.2, 0.2, 0.4, 0.6]; // on the canvas 100 50 200 150
let answer;
let canvas;
let clicks;
let drawing;
let gestures;
let mouse;
let overlay;
let viewer;

beforeEach(() => {
  openPage('<div id="canvas" tabindex="0"></div><svg id="marks"></svg>');
  canvas = document.getElementById("canvas");
  canvas.getBoundingClientRect = () => ({ left: LEFT, top: TOP, width: 500, height: 250 });
  viewer = new FakeViewer({ width: 1000, height: 500, scale: 0.5 });
  answer = new Answer();
  overlay = new Overlay(document.getElementById("marks"), viewer, answer, { nameOf: (slug) => slug });
  drawing = { label: "bulla" };
  mouse = { ...MOUSE };
  clicks = 0;
  gestures = new Gestures(canvas, viewer, overlay, answer, { drawing: () => drawing, onClick: () => (clicks += 1), mouse: () => mouse });
});

// Sends one pointer event at a point of the canvas.
function pointer(type, [x, y], options = {}) {
  const event = new window.PointerEvent(`pointer${type}`, {
    clientX: x + LEFT,
    clientY: y + TOP,
    pointerId: 1,
    pointerType: "mouse",
    button: 0,
    bubbles: true,
    cancelable: true,
    ...options,
  });
  canvas.dispatchEvent(event);
  return event;
}

function drag(from, to, options = {}) {
  pointer("down", from, options);
  pointer("move", [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2], options);
  pointer("move", to, options);
  pointer("up", to, options);
}

function click(point, options = {}) {
  pointer("down", point, options);
  pointer("up", point, options);
}

function wheel(options) {
  const event = new window.WheelEvent("wheel", { cancelable: true });
  // happy-dom's wheel events have no place and no modifier keys.
  const told = { clientX: LEFT + 30, clientY: TOP + 40, ctrlKey: false, ...options };
  for (const [name, value] of Object.entries(told)) Object.defineProperty(event, name, { value });
  canvas.dispatchEvent(event);
  return event;
}

const finger = (pointerId) => ({ pointerId, pointerType: "touch" });
const rubber = () => overlay.rubber.getAttribute("visibility");
const boxes = () => answer.marks.map(({ box }) => box);

function assertBoxes(...expected) {
  assert.equal(answer.marks.length, expected.length);
  for (const [index, box] of expected.entries()) {
    assert.ok(closeTo(boxes()[index], box), `${JSON.stringify(boxes()[index])} is not ${JSON.stringify(box)}`);
  }
}

function sum(name) {
  const calls = viewer.calls.filter(([called]) => called === name);
  return calls.reduce(([x, y], [, dx, dy]) => [x + dx, y + dy], [0, 0]);
}

// drawing

test("the left button draws a box of the chosen label, measured on the canvas", () => {
  drag([50, 25], [100, 75]);
  assertBoxes([0.1, 0.1, 0.2, 0.3]);
  assert.equal(answer.marks[0].label, "bulla");
  assert.deepEqual(viewer.calls, []);
});

test("a drag that leaves the canvas goes on, for the pointer is captured", (t) => {
  const captured = t.mock.method(canvas, "setPointerCapture", () => {});
  pointer("down", [50, 25], { pointerId: 8 });
  assert.deepEqual(captured.mock.calls.map((call) => call.arguments), [[8]]);
});

test("a press takes the keyboard to the image", () => {
  click([50, 25]);
  assert.equal(document.activeElement, canvas);
});

test("two clicks draw like a drag, and the band shows it between them", () => {
  click([50, 25]);
  assertBoxes();
  pointer("move", [80, 50]);
  assert.equal(rubber(), "visible");
  click([100, 75]);
  assertBoxes([0.1, 0.1, 0.2, 0.3]);
  assert.equal(rubber(), "hidden");
});

test("two clicks are one undo step", () => {
  click([50, 25]);
  click([100, 75]);
  answer.undo();
  assertBoxes();
});

test("after two clicks the next box begins anew", () => {
  click([50, 25]);
  click([100, 75]);
  drag([250, 25], [300, 75]);
  assertBoxes([0.1, 0.1, 0.2, 0.3], [0.5, 0.1, 0.6, 0.3]);
});

test("a second click on the first leaves the corner waiting", () => {
  click([50, 25]);
  click([51, 26]);
  assertBoxes();
  click([100, 75]);
  assertBoxes([0.1, 0.1, 0.2, 0.3]);
});

test("a click beside every line selects nothing and is told", () => {
  answer.add({ image: "pa", box: BOX, label: "bulla" });
  click([400, 200]);
  assert.equal(answer.selected, null);
  assert.equal(clicks, 1);
});

test("two clicks inside a box draw another in it", () => {
  answer.add({ image: "pa", box: BOX, label: "fracture" });
  click([120, 80]);
  click([160, 120]);
  assertBoxes(BOX, [0.24, 0.32, 0.32, 0.48]);
});

test("a click on a line selects that mark and begins no box", () => {
  const { id } = answer.add({ image: "pa", box: BOX, label: "bulla" });
  answer.select(null);
  click([150, 50]);
  assert.equal(answer.selected, id);
  click([300, 200]);
  assert.equal(answer.marks.length, 1);
});

test("a line and a corner are dragged like anywhere else", () => {
  answer.add({ image: "pa", box: BOX, label: "bulla" });
  drag([150, 50], [200, 75]);
  assertBoxes([0.3, 0.3, 0.5, 0.7]);
  drag([250, 175], [275, 200]);
  assertBoxes([0.3, 0.3, 0.55, 0.8]);
});

test("the label chosen between two clicks is the box's", () => {
  drawing = { label: null };
  click([50, 25]);
  drawing = { label: "fracture" };
  click([100, 75]);
  assert.equal(answer.marks[0].label, "fracture");
});

test("a long drag beside the image is not the first of two clicks", () => {
  drag([600, 20], [700, 120]);
  pointer("move", [300, 100]);
  assert.notEqual(rubber(), "visible");
});

test("Esc between two clicks forgets the first, and says that there was one", () => {
  click([50, 25]);
  pointer("move", [80, 50]);
  assert.equal(gestures.abandon(), true);
  assert.equal(rubber(), "hidden");
  assert.equal(gestures.abandon(), false);
  click([100, 75]);
  assertBoxes();
});

test("Esc after a finished box has nothing to forget", () => {
  drag([50, 25], [100, 75]);
  assert.equal(gestures.abandon(), false);
  assertBoxes([0.1, 0.1, 0.2, 0.3]);
});

test("Esc while drawing draws nothing, and the button's release is no click", () => {
  pointer("down", [50, 25]);
  pointer("move", [100, 75]);
  assert.equal(gestures.abandon(), true);
  pointer("move", [120, 90]);
  pointer("up", [120, 90]);
  assertBoxes();
  assert.equal(clicks, 0);
  assert.equal(rubber(), "hidden");
});

test("Esc while a box is dragged puts it back", () => {
  answer.add({ image: "pa", box: BOX, label: "bulla" });
  pointer("down", [150, 50]);
  pointer("move", [300, 100]);
  assert.equal(gestures.abandon(), true);
  pointer("up", [300, 100]);
  assertBoxes(BOX);
});

test("a pointer that the system takes away draws nothing", () => {
  pointer("down", [50, 25]);
  pointer("move", [100, 75]);
  pointer("cancel", [100, 75]);
  pointer("move", [120, 90]);
  pointer("up", [120, 90]);
  assertBoxes();
  assert.equal(clicks, 0);
  assert.equal(rubber(), "hidden");
});

test("once nothing may be drawn a half-drawn box is forgotten", () => {
  click([50, 25]);
  pointer("move", [80, 50]);
  drawing = null;
  pointer("move", [120, 90]);
  assert.equal(rubber(), "hidden");
  drawing = { label: "bulla" };
  click([200, 100]);
  assertBoxes();
});

test("nothing can be drawn before the image is shown", () => {
  viewer.shown = false;
  drag([50, 25], [100, 75]);
  assertBoxes();
});

// looking

test("the right button sets window and level by steps, and draws nothing", () => {
  drag([50, 50], [70, 40], { button: 2 });
  assert.deepEqual(sum("windowBy"), [20, -10]);
  assert.ok(viewer.calls.length > 1);
  assertBoxes();
});

test("the middle button and Shift pan", () => {
  const event = pointer("down", [50, 50], { button: 1 });
  assert.ok(event.defaultPrevented);
  pointer("move", [60, 55], { button: 1 });
  pointer("up", [60, 55], { button: 1 });
  drag([50, 50], [70, 40], { shiftKey: true });
  assert.deepEqual(sum("panBy"), [30, -5]);
  assertBoxes();
});

test("panning between two clicks keeps the first corner on the image", () => {
  click([50, 25]); // image pixel 100 50
  drag([200, 100], [220, 100], { button: 1 });
  viewer.look({ origin: [20, 0] });
  click([120, 75]); // image pixel 200 150
  assertBoxes([0.1, 0.1, 0.2, 0.3]);
});

test("while nothing may be drawn the left button pans", () => {
  drawing = null;
  drag([50, 50], [70, 40]);
  assert.deepEqual(sum("panBy"), [20, -10]);
  assertBoxes();
  assert.equal(clicks, 0);
});

test("any other button does nothing", () => {
  drag([50, 50], [70, 40], { button: 5 });
  assert.deepEqual(viewer.calls, []);
  assertBoxes();
});

test("the menu of the right button stays away", () => {
  const event = new window.MouseEvent("contextmenu", { cancelable: true });
  canvas.dispatchEvent(event);
  assert.ok(event.defaultPrevented);
});

test("the cursor tells what a press would do", () => {
  answer.add({ image: "pa", box: BOX, label: "bulla" });
  const at = (point) => (pointer("move", point), canvas.style.cursor);
  assert.equal(at([100, 50]), "nwse-resize");
  assert.equal(at([400, 200]), "crosshair");
  drawing = null;
  assert.equal(at([100, 50]), "grab");
});

test("the wheel zooms at the cursor, up for nearer", () => {
  const event = wheel({ deltaY: -100 });
  wheel({ deltaY: 100 });
  assert.ok(event.defaultPrevented);
  const [[, nearer, point], [, further]] = viewer.calls;
  assert.deepEqual(point, [30, 40]);
  assert.ok(nearer > 1 && further < 1);
  assert.ok(Math.abs(nearer * further - 1) < 1e-9);
});

test("on a stack the wheel scrolls through the frames, with Ctrl it zooms", () => {
  Object.assign(viewer.image, { frames: 20 });
  viewer.frame = 7;
  wheel({ deltaY: 100 });
  wheel({ deltaY: -3, deltaMode: 1 });
  wheel({ deltaY: -100, ctrlKey: true });
  assert.deepEqual(viewer.calls.slice(0, 2), [["show", 8], ["show", 6]]);
  assert.equal(viewer.calls[2][0], "zoomBy");
});

test("turns of the wheel add up while the frames are still loading", () => {
  Object.assign(viewer.image, { frames: 20 });
  viewer.show = (frame) => {
    viewer.wanted = frame; // shown later, as by the real viewer
  };
  wheel({ deltaY: 100 });
  wheel({ deltaY: 100 });
  wheel({ deltaY: 100 });
  assert.equal(viewer.wanted, 3);
});

// touch

test("one finger draws", () => {
  drag([50, 25], [100, 75], finger(1));
  assertBoxes([0.1, 0.1, 0.2, 0.3]);
});

test("a finger takes hold of a line from further off than the mouse", () => {
  answer.add({ image: "pa", box: BOX, label: "bulla" });
  drag([160, 60], [210, 85], finger(1));
  assertBoxes([0.3, 0.3, 0.5, 0.7]);
  drag([220, 87], [240, 107]);
  assert.equal(answer.marks.length, 2);
});

test("a tap selects nothing and begins no box", () => {
  answer.add({ image: "pa", box: BOX, label: "bulla" });
  click([400, 200], finger(1));
  assert.equal(answer.selected, null);
  click([300, 100], finger(2));
  assert.equal(answer.marks.length, 1);
});

test("a second finger ends the drawing and zooms about the middle of both", () => {
  pointer("down", [100, 100], finger(1));
  pointer("move", [140, 100], finger(1));
  pointer("down", [200, 100], finger(2));
  assert.equal(rubber(), "hidden");
  pointer("move", [260, 100], finger(2));
  const zoom = viewer.calls.find(([name]) => name === "zoomBy");
  assert.equal(zoom[1], 2);
  assert.deepEqual(zoom[2], [200, 100]);
  assert.deepEqual(sum("panBy"), [30, 0]);
  pointer("up", [260, 100], finger(2));
  pointer("up", [140, 100], finger(1));
  assertBoxes();
  assert.equal(clicks, 0);
});

test("two fingers that move together pan without zooming", () => {
  pointer("down", [100, 100], finger(1));
  pointer("down", [200, 100], finger(2));
  pointer("move", [110, 130], finger(1));
  pointer("move", [210, 130], finger(2));
  const factor = viewer.calls.filter(([name]) => name === "zoomBy").reduce((all, [, by]) => all * by, 1);
  assert.ok(Math.abs(factor - 1) < 1e-9);
  assert.ok(closeTo(sum("panBy"), [10, 30]));
});

test("two fingers put a box that one had begun to drag back", () => {
  answer.add({ image: "pa", box: BOX, label: "bulla" });
  pointer("down", [150, 50], finger(1));
  pointer("move", [300, 100], finger(1));
  pointer("down", [400, 100], finger(2));
  assertBoxes(BOX);
});

test("the finger left after a pinch does nothing, and the next one draws", () => {
  pointer("down", [100, 100], finger(1));
  pointer("down", [200, 100], finger(2));
  pointer("up", [200, 100], finger(2));
  const before = viewer.calls.length;
  pointer("move", [150, 150], finger(1));
  pointer("up", [150, 150], finger(1));
  assert.equal(viewer.calls.length, before);
  drag([50, 25], [100, 75], finger(3));
  assertBoxes([0.1, 0.1, 0.2, 0.3]);
});

test("a third finger neither draws nor disturbs the two", () => {
  pointer("down", [100, 100], finger(1));
  pointer("down", [200, 100], finger(2));
  pointer("down", [300, 200], finger(3));
  pointer("move", [320, 220], finger(3));
  pointer("move", [300, 100], finger(2));
  const factor = viewer.calls.filter(([name]) => name === "zoomBy").reduce((all, [, by]) => all * by, 1);
  assert.ok(Math.abs(factor - 2) < 1e-9);
  for (const id of [3, 2, 1]) pointer("up", [300, 100], finger(id));
  assertBoxes();
});

test("two fingers on one spot do not divide by nothing", () => {
  pointer("down", [100, 100], finger(1));
  pointer("down", [100, 100], finger(2));
  pointer("move", [130, 100], finger(2));
  for (const [, ...numbers] of viewer.calls) assert.ok(numbers.flat().every(Number.isFinite));
});

// buttons of one's own

test("buttons do what they are bound to", () => {
  mouse = { ...MOUSE, left: "window", right: "draw", middle: "zoom", shift: "pan" };
  drag([50, 50], [70, 40]);
  assert.deepEqual(sum("windowBy"), [20, -10]);
  drag([50, 25], [100, 75], { button: 2 });
  assertBoxes([0.1, 0.1, 0.2, 0.3]);
  drag([50, 50], [50, 40], { button: 1 });
  const zooms = viewer.calls.filter(([name]) => name === "zoomBy").map(([, factor]) => factor);
  assert.ok(zooms.reduce((a, b) => a * b) > 1);
});

test("a scrolling drag goes through the slices", () => {
  Object.assign(viewer.image, { frames: 20 });
  viewer.frame = 5;
  mouse = { ...MOUSE, middle: "scroll" };
  drag([50, 50], [50, 68], { button: 1 });
  assert.deepEqual(viewer.calls.at(-1), ["show", 8]);
});

test("the wheel on slices can zoom, and scroll with Ctrl", () => {
  Object.assign(viewer.image, { frames: 20 });
  mouse = { ...MOUSE, stackWheel: "zoom" };
  wheel({ deltaY: 100 });
  wheel({ deltaY: 100, ctrlKey: true });
  assert.deepEqual(viewer.calls.map(([name]) => name), ["zoomBy", "show"]);
});

test("a touchpad's small turns add up to a slice", () => {
  Object.assign(viewer.image, { frames: 20 });
  for (let i = 0; i < 7; i++) wheel({ deltaY: 10, deltaMode: 0 });
  const frames = viewer.calls.map(([, frame]) => frame);
  assert.equal(frames.filter((frame) => frame === 1).length, 2);
});

test("a pen's tap leaves no unseen corner: the next stroke is the box", () => {
  const pen = { pointerType: "pen" };
  click([50, 25], pen);
  drag([100, 75], [200, 125], pen);
  assertBoxes([0.2, 0.3, 0.4, 0.5]);
});
