import assert from "node:assert/strict";
import { test } from "node:test";

import { aspectOf, boxFromCorners, clamp, moveBox, partAt, resizeBox, toPixels } from "../../../static/src/marks/geometry.js";
import { closeTo } from "../stage.js";

const SIZE = { width: 200, height: 100 };
const HANDLES = ["n", "s", "w", "e", "nw", "ne", "sw", "se"];

function assertBox(actual, expected) {
  assert.ok(closeTo(actual, expected), `${JSON.stringify(actual)} is not ${JSON.stringify(expected)}`);
}

function assertInside(box) {
  assert.ok(Math.min(...box) >= 0 && Math.max(...box) <= 1 + 1e-9, `${JSON.stringify(box)} leaves the image`);
  assert.ok(box[0] < box[2] && box[1] < box[3], `${JSON.stringify(box)} has no area`);
}

test("clamp keeps what is between and cuts what is beyond", () => {
  assert.equal(clamp(0.4, 0, 1), 0.4);
  assert.equal(clamp(-3, 0, 1), 0);
  assert.equal(clamp(3, 0, 1), 1);
});

test("a box is the same from whichever corner it was drawn", () => {
  const corners = [[20, 10], [120, 60], [20, 60], [120, 10]];
  assertBox(boxFromCorners(corners[0], corners[1], SIZE), [0.1, 0.1, 0.6, 0.6]);
  assertBox(boxFromCorners(corners[1], corners[0], SIZE), [0.1, 0.1, 0.6, 0.6]);
  assertBox(boxFromCorners(corners[2], corners[3], SIZE), [0.1, 0.1, 0.6, 0.6]);
  assertBox(boxFromCorners(corners[3], corners[2], SIZE), [0.1, 0.1, 0.6, 0.6]);
});

test("a corner beside the image is taken to the image's edge", () => {
  assertBox(boxFromCorners([-50, -20], [100, 50], SIZE), [0, 0, 0.5, 0.5]);
  assertBox(boxFromCorners([100, 50], [999, 999], SIZE), [0.5, 0.5, 1, 1]);
});

test("a box drawn wholly beside the image has no area", () => {
  assertBox(boxFromCorners([-50, 10], [-10, 60], SIZE), [0, 0.1, 0, 0.6]);
});

test("a box in pixels comes back as it went", () => {
  const [x0, y0, x1, y1] = toPixels([0.1, 0.2, 0.6, 0.7], SIZE);
  assertBox([x0, y0, x1, y1], [20, 20, 120, 70]);
  assertBox(boxFromCorners([x0, y0], [x1, y1], SIZE), [0.1, 0.2, 0.6, 0.7]);
});

test("a box is moved by what the hand moved", () => {
  assertBox(moveBox([0.1, 0.2, 0.3, 0.4], 0.05, -0.1), [0.15, 0.1, 0.35, 0.3]);
});

test("a box moved past the edge stops there and keeps its size", () => {
  assertBox(moveBox([0.1, 0.2, 0.3, 0.5], -5, -5), [0, 0, 0.2, 0.3]);
  assertBox(moveBox([0.1, 0.2, 0.3, 0.5], 5, 5), [0.8, 0.7, 1, 1]);
});

test("a box as large as the image cannot be moved", () => {
  assertBox(moveBox([0, 0, 1, 1], 0.3, -0.3), [0, 0, 1, 1]);
});

test("each handle moves its own sides only", () => {
  const box = [0.2, 0.2, 0.6, 0.6];
  const expected = {
    n: [0.2, 0.3, 0.6, 0.6],
    s: [0.2, 0.2, 0.6, 0.7],
    w: [0.25, 0.2, 0.6, 0.6],
    e: [0.2, 0.2, 0.65, 0.6],
    nw: [0.25, 0.3, 0.6, 0.6],
    ne: [0.2, 0.3, 0.65, 0.6],
    sw: [0.25, 0.2, 0.6, 0.7],
    se: [0.2, 0.2, 0.65, 0.7],
  };
  for (const handle of HANDLES) assertBox(resizeBox(box, handle, 0.05, 0.1), expected[handle]);
});

test("a handle stops at the image's edge", () => {
  assertBox(resizeBox([0.2, 0.2, 0.6, 0.6], "nw", -1, -1), [0, 0, 0.6, 0.6]);
  assertBox(resizeBox([0.2, 0.2, 0.6, 0.6], "se", 1, 1), [0.2, 0.2, 1, 1]);
});

test("a handle dragged past the opposite side leaves a smallest box, never one turned inside out", () => {
  assertBox(resizeBox([0.2, 0.2, 0.6, 0.6], "nw", 1, 1, 0.01), [0.59, 0.59, 0.6, 0.6]);
  assertBox(resizeBox([0.2, 0.2, 0.6, 0.6], "se", -1, -1, 0.01), [0.2, 0.2, 0.21, 0.21]);
});

test("no handle takes a box smaller than the smallest off the image", () => {
  for (const box of [[0, 0, 0.001, 0.001], [0.999, 0.999, 1, 1]]) {
    for (const handle of HANDLES) assertInside(resizeBox(box, handle, 0, 0));
  }
});

test("a box smaller than the smallest stays as it is until its handle moves", () => {
  const box = [0.5, 0.5, 0.501, 0.501];
  for (const handle of HANDLES) assertBox(resizeBox(box, handle, 0, 0), box);
});

test("a box has four corners, four lines, an inside and an outside", () => {
  const rect = [100, 100, 200, 180];
  const parts = {
    nw: [98, 103],
    ne: [204, 97],
    sw: [100, 180],
    se: [195, 185],
    inside: [150, 140],
  };
  for (const [part, point] of Object.entries(parts)) assert.equal(partAt(rect, point, 6), part, part);
  for (const point of [[150, 100], [150, 186], [94, 140], [206, 140]]) assert.equal(partAt(rect, point, 6), "edge");
});

test("what lies further off the line than the reach is not the box", () => {
  for (const point of [[93, 140], [207, 140], [150, 93], [150, 187]]) {
    assert.equal(partAt([100, 100, 200, 180], point, 6), null);
  }
  assert.equal(partAt([100, 100, 200, 180], [93, 140], 14), "edge");
});

test("on a box smaller than the reach the nearest corner is taken", () => {
  const rect = [100, 100, 105, 105];
  const corners = { nw: [100, 100], ne: [105, 100], sw: [100, 105], se: [105, 105] };
  for (const [part, point] of Object.entries(corners)) assert.equal(partAt(rect, point, 6), part);
});

test("a pixel is as high as wide unless the image says otherwise", () => {
  assert.equal(aspectOf({}), 1);
  assert.equal(aspectOf({}), 1);
  assert.equal(aspectOf({ aspect: 1 }), 1);
  assert.equal(aspectOf({ aspect: 2 }), 2);
});
