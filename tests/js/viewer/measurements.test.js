import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { MeasureLayer, linesOf } from "../../../static/src/viewer/measure-layer.js";
import { Measurements } from "../../../static/src/viewer/measurements.js";
import { openPage } from "../page.js";
import { FakeViewer } from "../stage.js";

let layer;
let measurements;
let viewer;

beforeEach(() => {
  openPage('<svg id="marks"></svg>');
  viewer = new FakeViewer({ width: 1000, height: 500, scale: 0.5 });
  measurements = new Measurements();
  layer = new MeasureLayer(document.getElementById("marks"), viewer, measurements);
});

function drag(from, to) {
  const action = layer.press(from);
  action.move(to);
  action.end(to);
}

function click(point) {
  layer.press(point).end(point);
}

const lines = () => [...document.querySelectorAll("line:not(.halo)")];
const text = () => [...document.querySelectorAll("tspan")].map((line) => line.textContent).join(" · ");

test("without a tool, and with nothing there, a press is not about measurements", () => {
  assert.equal(layer.press([10, 10]), null);
});

test("a drag measures a length on the image, and the tool is put down", () => {
  measurements.take("length");
  drag([50, 50], [100, 50]);
  assert.deepEqual(measurements.list[0].points, [[100, 100], [200, 100]]);
  assert.equal(measurements.tool, null);
  assert.equal(lines().length, 1);
  assert.equal(text(), "100 px");
});

test("clicks do the same as a drag", () => {
  measurements.take("length");
  click([50, 50]);
  layer.hover([80, 50]);
  assert.equal(text(), "60 px");
  click([100, 50]);
  assert.deepEqual(measurements.list[0].points, [[100, 100], [200, 100]]);
});

test("an angle is a drag and a click, or three clicks", () => {
  measurements.take("angle");
  drag([100, 50], [50, 50]);
  click([50, 100]);
  assert.equal(text(), "90.0°");
});

test("a ratio is two drags", () => {
  measurements.take("ratio");
  drag([100, 50], [150, 60]);
  drag([50, 90], [150, 90]);
  assert.match(text(), /^CTR 0.50/);
});

test("a point of a finished measurement is dragged, with the mark where it is let go", () => {
  measurements.take("length");
  drag([50, 50], [100, 50]);
  drag([101, 50], [150, 50]);
  assert.deepEqual(measurements.list[0].points[1], [300, 100]);
});

test("a press on a line selects, and beside it deselects", () => {
  measurements.take("length");
  drag([50, 50], [100, 50]);
  assert.equal(layer.press([300, 200]), null);
  assert.equal(measurements.selected, null);
  layer.press([75, 51]).end([75, 51]);
  assert.equal(measurements.selected, measurements.list[0].id);
  assert.equal(measurements.remove(), true);
  assert.equal(lines().length, 0);
  assert.equal(measurements.remove(), false);
});

test("Esc gives up the half-made one first, then the tool", () => {
  measurements.take("angle");
  click([50, 50]);
  assert.equal(measurements.putDown(), true);
  assert.equal(measurements.tool, "angle");
  assert.equal(measurements.putDown(), true);
  assert.equal(measurements.tool, null);
  assert.equal(measurements.putDown(), false);
});

test("a press that became a pinch sets no point", () => {
  measurements.take("length");
  layer.press([50, 50]).cancel();
  assert.equal(measurements.draft, null);
});

test("taking a tool again puts it down; the instruction follows the points", () => {
  measurements.take("length");
  assert.match(measurements.instruction, /first end/);
  click([50, 50]);
  assert.match(measurements.instruction, /other end/);
  measurements.take("length");
  assert.equal(measurements.instruction, "");
});

test("a measurement belongs to its image and slice", () => {
  measurements.take("length");
  drag([50, 50], [100, 50]);
  viewer.frame = 3;
  viewer.dispatchEvent(new Event("frame"));
  assert.equal(lines().length, 0);
});

test("what is hidden is neither drawn nor taken hold of", () => {
  measurements.take("length");
  drag([50, 50], [100, 50]);
  layer.hidden = true;
  layer.draw();
  assert.equal(lines().length, 0);
  assert.equal(layer.at([50, 50]), null);
});

test("all are deleted at once", () => {
  assert.equal(measurements.clear(), false);
  measurements.take("length");
  drag([50, 50], [100, 50]);
  assert.equal(measurements.clear(), true);
  assert.deepEqual(measurements.list, []);
});

test("a ratio's widths are drawn horizontally, with lines to the borders", () => {
  const drawn = linesOf({ kind: "ratio" }, [[10, 20], [30, 40]]);
  assert.deepEqual(drawn[0], { name: "line", x1: 10, y1: 30, x2: 30, y2: 30 });
  assert.deepEqual(drawn.slice(1).map(({ name }) => name), ["plumb", "plumb"]);
});
