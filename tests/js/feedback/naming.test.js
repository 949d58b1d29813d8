import assert from "node:assert/strict";
import { test } from "node:test";

import { inWords, isWithin, prepared, structuresAt } from "../../../static/src/feedback/naming.js";

const square = (x0, y0, x1, y1) => [x0, y0, x1, y0, x1, y1, x0, y1];
const told = {
  unit: 100,
  structures: [
    { name: "left lower lobe", group: "lungs", depth: 150, rings: [square(50, 0, 100, 100)] },
    { name: "heart", group: "heart", depth: 90, rings: [square(40, 40, 80, 80)] },
    { name: "5th rib posterior, left", group: "ribs", depth: 180, rings: [square(50, 50, 90, 55)] },
    { name: "left dome of the diaphragm", group: "diaphragm", line: [50, 90, 100, 90] },
  ],
};
const all = prepared(told);
const namesAt = (point) => structuresAt(all, point).map(({ name }) => name);

test("a point names the bone first, then from front to back", () => {
  assert.deepEqual(namesAt([0.6, 0.52]), ["5th rib posterior, left", "heart", "left lower lobe"]);
  assert.equal(inWords(structuresAt(all, [0.6, 0.52])), "5th rib posterior, left; front to back: heart, left lower lobe");
});

test("a line is named only near it", () => {
  assert.deepEqual(namesAt([0.7, 0.903]), ["left dome of the diaphragm", "left lower lobe"]);
  assert.deepEqual(namesAt([0.7, 0.87]), ["left lower lobe"]);
});

test("beside everything there is nothing to name", () => {
  assert.equal(inWords(structuresAt(all, [0.1, 0.1])), "Nothing that has a name");
  assert.equal(isWithin([0.1, 0.1], [[0.5, 0], [1, 0], [1, 1]]), false);
});
