import assert from "node:assert/strict";
import { test } from "node:test";

import { withLayer } from "../../../static/src/feedback/layers.js";

const film = { width: 4, height: 4, pixels: new Uint16Array(16).fill(1000) };
const layer = { width: 1, height: 1, grays: new Uint8Array([28]) };
const where = { box: [0.5, 0.5, 1, 1], scale: 2, max: 4095 };

test("what is taken off changes the film within its box alone", () => {
  const { pixels } = withLayer(film, layer, where);
  assert.deepEqual([...pixels], [1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 800, 800, 1000, 1000, 800, 800]);
  assert.equal(film.pixels[10], 1000);
});

test("values stay within the film's range", () => {
  const { pixels } = withLayer(film, layer, { ...where, scale: 40 });
  assert.equal(Math.min(...pixels), 0);
});

test("alone, what was taken off is light where the film is lighter by it", () => {
  const { pixels } = withLayer(film, layer, where, 500);
  assert.ok(pixels[10] > pixels[0]);
});
