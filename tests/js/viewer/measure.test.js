import assert from "node:assert/strict";
import { test } from "node:test";

import { KINDS, angleOf, lengthOf, ratioOf, textOf } from "../../../static/src/viewer/measure.js";

const near = (a, b) => assert.ok(Math.abs(a - b) < 1e-9, `${a} is not ${b}`);

test("a length is in pixels without a spacing, in mm with one", () => {
  near(lengthOf([0, 0], [3, 4]), 5);
  near(lengthOf([0, 0], [3, 4], [0.5, 0.5]), 2.5);
  near(lengthOf([0, 0], [10, 0], [9, 0.2]), 2);
});

test("an angle is measured at the middle point, in millimeters where pixels are not square", () => {
  near(angleOf([1, 0], [0, 0], [0, 1]), 90);
  near(angleOf([1, 0], [0, 0], [-1, 0]), 180);
  near(angleOf([1, 0], [0, 0], [1, 1]), 45);
  near(angleOf([1, 0], [0, 0], [1, 1], [Math.sqrt(3), 1]), 60);
});

test("a ratio takes widths horizontally, however the borders lie", () => {
  near(ratioOf([[10, 50], [60, 80], [0, 90], [100, 10]]), 0.5);
  assert.equal(ratioOf([[10, 0], [60, 0], [5, 0], [5, 9]]), null);
});

test("the text says what is measured, and in which unit", () => {
  assert.equal(textOf({ kind: "length", points: [[0, 0], [30, 40]] }), "50 px");
  assert.equal(textOf({ kind: "length", points: [[0, 0], [30, 40]] }, [0.2, 0.2]), "10.0 mm");
  assert.equal(textOf({ kind: "length", points: [[0, 0], [3000, 0]] }, [0.2, 0.2]), "600 mm");
  assert.equal(textOf({ kind: "angle", points: [[1, 0], [0, 0], [0, 1]] }), "90.0°");
  const points = [[100, 5], [600, 9], [0, 0], [1000, 3]];
  assert.equal(textOf({ kind: "ratio", points }, [0.2, 0.2]), "CTR 0.50 · heart 100 mm · thorax 200 mm");
  assert.equal(textOf({ kind: "ratio", points }), "CTR 0.50 · heart 500 px · thorax 1000 px");
});

test("a measurement that lacks points says what it can", () => {
  assert.equal(textOf({ kind: "length", points: [[0, 0]] }), "");
  assert.equal(textOf({ kind: "angle", points: [[0, 0], [1, 1]] }), "");
  assert.equal(textOf({ kind: "ratio", points: [[0, 0], [50, 1], [2, 2]] }), "heart 50 px");
});

test("every kind has a step for each of its points", () => {
  for (const { points, steps } of Object.values(KINDS)) assert.equal(steps.length, points);
});
