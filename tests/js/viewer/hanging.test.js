import assert from "node:assert/strict";
import { test } from "node:test";

import { Hanging, hangingOrder } from "../../../static/src/viewer/hanging.js";
import { placeFor } from "../../../static/src/viewer/links.js";

const image = (view, study = "current") => ({ view, study });
const PAIR = [image("LATERAL"), image("PA")];
const FOUR = [image("LATERAL", "prior"), image("PA", "prior"), image("LATERAL"), image("PA")];

test("frontal hangs left of lateral, this study before prior ones", () => {
  assert.deepEqual(hangingOrder(PAIR), [1, 0]);
  assert.deepEqual(hangingOrder(FOUR), [3, 2, 1, 0]);
  assert.deepEqual(hangingOrder([image("CT"), image("OTHER"), image("AP")]), [2, 0, 1]);
});

test("one image hangs alone, two side by side, more in fours", () => {
  assert.deepEqual(new Hanging([image("PA")]).slots, [0]);
  assert.deepEqual(new Hanging(PAIR).slots, [1, 0]);
  assert.deepEqual(new Hanging(FOUR).slots, [3, 2, 1, 0]);
  assert.deepEqual(new Hanging(FOUR.slice(1)).slots, [2, 1, 0]);
  assert.deepEqual(new Hanging([]).slots, []);
});

test("the numbers of panes that make sense follow each other in a circle", () => {
  const hanging = new Hanging(FOUR.slice(1));
  assert.deepEqual(hanging.choices, [1, 2, 4]);
  const seen = [1, 2, 3].map(() => (hanging.show(hanging.nextCount()), hanging.slots.length));
  assert.deepEqual(seen, [1, 2, 3]);
  assert.deepEqual(new Hanging([image("PA")]).choices, [1]);
  assert.deepEqual(new Hanging(PAIR).choices, [1, 2]);
});

test("fewer panes keep the first, more add what is missing", () => {
  const hanging = new Hanging(FOUR);
  hanging.show(1);
  assert.deepEqual(hanging.slots, [3]);
  hanging.bring(0, 3);
  assert.deepEqual(hanging.slots, [0]);
  hanging.show(2);
  assert.deepEqual([...hanging.slots].sort(), [0, 3]);
});

test("the next image is beside, or takes the place of the one before", () => {
  const pair = new Hanging(PAIR);
  assert.equal(pair.after(1), 0);
  assert.equal(pair.after(0), 1);
  const alone = new Hanging(FOUR);
  alone.show(1);
  assert.equal(alone.after(3), 2);
  assert.equal(alone.after(0), 3);
});

test("what hangs already is not hung twice", () => {
  const hanging = new Hanging(PAIR);
  hanging.bring(0, 1);
  assert.deepEqual(hanging.slots, [1, 0]);
});

test("swapped panes stay swapped", () => {
  const hanging = new Hanging(PAIR);
  assert.equal(hanging.swap(1), true);
  assert.deepEqual(hanging.slots, [0, 1]);
  hanging.show(2);
  assert.deepEqual(hanging.slots, [0, 1]);
  assert.equal(new Hanging([image("PA")]).swap(0), false);
});

const PLACE = { zoom: 3, center: [0.2, 0.7] };
const OWN = { zoom: 1, center: [0.5, 0.5] };

test("a prior of the same view follows in both directions", () => {
  assert.deepEqual(placeFor(image("PA"), image("AP", "prior"), PLACE, OWN), PLACE);
  assert.deepEqual(placeFor(image("CT"), image("CT", "prior"), PLACE, OWN), PLACE);
});

test("a lateral follows in zoom and height only", () => {
  assert.deepEqual(placeFor(image("PA"), image("LATERAL"), PLACE, OWN), { zoom: 3, center: [0.5, 0.7] });
});

test("where two panes would be too narrow to read, one hangs, and it is told that others wait", () => {
  const narrow = new Hanging(PAIR, 390);
  assert.deepEqual(narrow.slots, [1]);
  assert.equal(narrow.isShort, true);
  assert.deepEqual(new Hanging(FOUR, 390).slots, [3]);
  assert.deepEqual(new Hanging([], 390).slots, []);
  assert.equal(new Hanging(PAIR, 540).isShort, false);
  assert.equal(new Hanging([image("PA")], 390).isShort, false);
});
