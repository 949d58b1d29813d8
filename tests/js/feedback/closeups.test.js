import assert from "node:assert/strict";
import { test } from "node:test";

import { Closeups, graysOfCrop, windowFor } from "../../../static/src/feedback/closeups.js";
import { cropAround, midlineOf, mirrored } from "../../../static/src/feedback/symmetry.js";
import { openPage } from "../page.js";
import { closeTo } from "../stage.js";

// A chest of two dark lungs beside a bright middle at column `axis`.
function chest(width, height, axis) {
  const pixels = new Uint16Array(width * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const far = Math.abs(x - axis);
      pixels[y * width + x] = far < 12 ? 3000 : far < 60 ? 500 + 4 * far : 2000;
    }
  }
  return { pixels, width, height };
}

const ramp = { pixels: Uint16Array.from({ length: 100 }, (_, index) => 10 * (index % 10)), width: 10, height: 10 };
const WHOLE = { x: 0, y: 0, size: 10 };

test("the midline of a symmetrical image is its middle", () => {
  const { pixels, width, height } = chest(201, 100, 100);
  assert.ok(Math.abs(midlineOf(pixels, width, height) - 0.5) < 0.003);
});

test("the midline follows a body that lies off the middle", () => {
  const { pixels, width, height } = chest(200, 100, 108);
  assert.ok(Math.abs(midlineOf(pixels, width, height) - 108.5 / 200) < 0.005);
});

test("an image without any structure has its midline in the middle", () => {
  assert.ok(Math.abs(midlineOf(new Uint8Array(100 * 50).fill(7), 100, 50) - 0.5) < 0.01);
});

test("the mirrored box is as far from the midline, and stays inside the image", () => {
  assert.ok(closeTo(mirrored([0.1, 0.2, 0.3, 0.4], 0.5), [0.7, 0.2, 0.9, 0.4]));
  assert.ok(closeTo(mirrored([0.1, 0.2, 0.3, 0.4], 0.55), [0.8, 0.2, 1, 0.4]));
});

test("a crop is a square around the box with surroundings", () => {
  const crop = cropAround([0.4, 0.4, 0.6, 0.5], { width: 1000, height: 1000 });
  assert.ok(closeTo([crop.x, crop.y, crop.size], [280, 230, 440]));
});

test("a tiny box gets surroundings enough to be read", () => {
  assert.equal(cropAround([0.5, 0.5, 0.505, 0.505], { width: 1000, height: 800 }).size, 96);
});

test("grays run from black at the window's low end to white at its high end", () => {
  const grays = graysOfCrop(ramp, WHOLE, { low: 0, high: 90 }, 10);
  assert.deepEqual([...grays.slice(0, 10)], [0, 28, 57, 85, 113, 142, 170, 198, 227, 255]);
});

test("a flipped crop is its own mirror image", () => {
  const plain = graysOfCrop(ramp, WHOLE, { low: 0, high: 90 }, 10);
  const flipped = graysOfCrop(ramp, WHOLE, { low: 0, high: 90 }, 10, true);
  assert.deepEqual([...flipped.slice(0, 10)], [...plain.slice(0, 10)].reverse());
});

test("between pixels is interpolated, beyond the image it is black", () => {
  const grays = graysOfCrop(ramp, { x: -10, y: 0, size: 20 }, { low: -90, high: 90 }, 20);
  assert.equal(grays[0], 0);
  assert.ok(grays[19] > 240);
  assert.equal(graysOfCrop(ramp, { x: 0, y: 0, size: 5 }, { low: 0, high: 90 }, 10)[3], Math.round((255 * 12.5) / 90));
});

const film = { view: "PA", window: { center: 100, width: 50 } };

test("the window of the image serves where the atlas names none", () => {
  assert.deepEqual(windowFor("default", ramp, [WHOLE], film), { low: 75, high: 125 });
});

test("a named window is fitted to the values around the finding", () => {
  const lung = windowFor("lung", ramp, [WHOLE], film);
  const bone = windowFor("bone", ramp, [WHOLE], film);
  assert.ok(lung.low < bone.low && lung.high === 90 && bone.high === 90, JSON.stringify({ lung, bone }));
});

test("a flat region still has a window of some width", () => {
  const flat = { pixels: new Uint8Array(100).fill(9), width: 10, height: 10 };
  const { low, high } = windowFor("lung", flat, [WHOLE], film);
  assert.ok(high > low);
});

test("on CT a named window is in Hounsfield units", () => {
  const image = { view: "CT", offset: -1024, scale: 1, window: film.window };
  assert.deepEqual(windowFor("mediastinum", ramp, [WHOLE], image), { low: 864, high: 1264 });
});

// A canvas that keeps what was put on it.
function openPair() {
  openPage(`<div id="pair"><figure data-side="here"><canvas></canvas></figure>
    <figure data-side="there"><canvas></canvas></figure></div>`);
  const pictures = {};
  for (const canvas of document.querySelectorAll("canvas")) {
    const { side } = canvas.parentElement.dataset;
    canvas.getContext = () => ({
      createImageData: (width, height) => ({ data: new Uint8ClampedArray(4 * width * height) }),
      putImageData: ({ data }) => (pictures[side] = data),
      beginPath() {},
      moveTo() {},
      lineTo() {},
      stroke() {},
    });
  }
  return { element: document.getElementById("pair"), pictures };
}

const page = [{ id: "pa", view: "PA", frames: 1, url: "/pa.png", window: { center: 1500, width: 3000 } }];
const closeup = { image: "pa", frame: 0, box: [0.2, 0.4, 0.3, 0.5], window: "default" };

test("both sides of a symmetrical chest look the same, since the other is mirrored", async () => {
  const { element, pictures } = openPair();
  const renditions = { load: async () => chest(201, 100, 100) };
  await new Closeups(page, renditions).draw(element, { ...closeup, mirror: "healthy" });
  assert.deepEqual(pictures.here, pictures.there);
  assert.ok(new Set(pictures.here).size > 5);
});

test("without a mirrored side only the place itself is drawn", async () => {
  const { element, pictures } = openPair();
  await new Closeups(page, { load: async () => chest(201, 100, 100) }).draw(element, { ...closeup, mirror: "" });
  assert.deepEqual(Object.keys(pictures), ["here"]);
});

test("where the pixels cannot be had there is no pair", async () => {
  const { element } = openPair();
  await new Closeups(page, { load: async () => Promise.reject(new Error("gone")) }).draw(element, closeup);
  assert.equal(element.hidden, true);
});

test("a slice of a stack is cut from its own frame", async () => {
  const { element } = openPair();
  const asked = [];
  const stack = [{ ...page[0], frames: 2, frame_urls: ["/0.png", "/1.png"] }];
  const renditions = { load: async (url) => (asked.push(url), chest(201, 100, 100)) };
  await new Closeups(stack, renditions).draw(element, { ...closeup, frame: 1, mirror: "" });
  assert.deepEqual(asked, ["/1.png"]);
});

test("a close-up is square on the patient: of high pixels it has fewer rows than columns, about the same middle", () => {
  const box = [0.4, 0.4, 0.6, 0.5];
  const size = { width: 1000, height: 500 };
  const crop = cropAround(box, size, 2);
  assert.equal(crop.rows, crop.size / 2);
  assert.ok(closeTo([crop.x + crop.size / 2, crop.y + crop.rows / 2], [500, 225]));
  const picture = { width: 4, height: 2, pixels: new Uint8Array([0, 0, 0, 0, 200, 200, 200, 200]) };
  const grays = graysOfCrop(picture, { x: 0, y: 0, size: 4, rows: 2 }, { low: 0, high: 255 }, 4);
  assert.deepEqual([grays[0], grays[12]], [0, 200]);
});
