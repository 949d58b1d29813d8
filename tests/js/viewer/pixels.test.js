// What is made of pixels on the page: PNG decoding, local contrast, presets, the painted lens.
import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync } from "node:zlib";

import { equalized } from "../../../static/src/viewer/contrast.js";
import { fitted, paint } from "../../../static/src/viewer/paint.js";
import { decodePng } from "../../../static/src/viewer/png.js";
import { presetLike, presetsOf } from "../../../static/src/viewer/presets.js";

function chunk(kind, body) {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(body.length);
  head.write(kind, 4, "latin1");
  return Buffer.concat([head, body, Buffer.alloc(4)]);
}

// A gray PNG of these values, its lines filtered in turn by all five filters.
function png(width, height, bits, values, color = 0) {
  const gap = bits / 8;
  const raw = values.flatMap((value) => (bits === 16 ? [value >> 8, value & 255] : [value]));
  const stride = width * gap;
  const lines = [];
  const at = (row, i) => (row < 0 || i < 0 ? 0 : raw[row * stride + i]);
  for (let row = 0; row < height; row++) {
    const filter = row % 5;
    lines.push(filter);
    for (let i = 0; i < stride; i++) {
      const [left, up, corner] = [at(row, i - gap), at(row - 1, i), i < gap ? 0 : at(row - 1, i - gap)];
      const guesses = [0, left, up, (left + up) >> 1, nearest(left, up, corner)];
      lines.push((at(row, i) - guesses[filter]) & 255);
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = bits;
  header[9] = color;
  const body = deflateSync(Buffer.from(lines));
  const parts = [body.subarray(0, 9), body.subarray(9)];
  const file = [chunk("IHDR", header), ...parts.map((part) => chunk("IDAT", part)), chunk("IEND", Buffer.alloc(0))];
  return new Uint8Array(Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), ...file])).buffer;
}

function nearest(left, up, corner) {
  const guess = left + up - corner;
  return [left, up, corner].reduce((best, one) => (Math.abs(guess - one) < Math.abs(guess - best) ? one : best));
}

const ramp = (count, step) => Array.from({ length: count }, (_, i) => (i * step) % 65536);

test("gray PNG of 8 and 16 bits is read, whatever filter a line has", async () => {
  for (const [bits, step] of [[16, 997], [8, 37]]) {
    const values = ramp(7 * 11, step).map((value) => value % 2 ** bits);
    const { width, height, pixels } = await decodePng(png(7, 11, bits, values));
    assert.deepEqual([width, height], [7, 11]);
    assert.equal(pixels.constructor, bits === 16 ? Uint16Array : Uint8Array);
    assert.deepEqual([...pixels], values);
  }
});

test("what is no gray PNG, cut off or damaged is refused with a phrase", async () => {
  const good = new Uint8Array(png(4, 4, 8, ramp(16, 3)));
  await assert.rejects(decodePng(new Uint8Array([1, 2, 3]).buffer), /not a PNG/);
  await assert.rejects(decodePng(png(4, 4, 8, ramp(16, 3), 2)), /no gray PNG/);
  await assert.rejects(decodePng(good.slice(0, 30).buffer), /cut off/);
  const broken = good.slice();
  broken.fill(7, 45, 60);
  await assert.rejects(decodePng(broken.buffer), /damaged|cut off/);
});

const picture = (width, height, value) => {
  const pixels = new Uint16Array(width * height);
  for (let i = 0; i < pixels.length; i++) pixels[i] = value(i % width, Math.floor(i / width));
  return { width, height, pixels };
};
const spread = (values) => Math.max(...values) - Math.min(...values);

test("local contrast widens what differs little, in both halves of a picture", () => {
  const dim = picture(64, 64, (x, y) => (y < 32 ? 1000 : 3000) + ((x * 7 + y * 3) % 20));
  const raised = equalized(dim, { low: 0, high: 4095 });
  assert.equal(raised.constructor, Uint16Array);
  assert.ok(spread(raised.slice(0, 640)) > 3 * spread(dim.pixels.slice(0, 640)));
  assert.ok(Math.max(...raised) <= 4095);
});

test("local contrast keeps the order of values within a small place", () => {
  const slope = picture(40, 40, (x) => 500 + x * 20);
  const raised = equalized(slope, { low: 0, high: 4095, tiles: 1 });
  for (let x = 1; x < 40; x++) assert.ok(raised[x] >= raised[x - 1]);
});

test("local contrast leaves values outside its range, and the picture itself, as they were", () => {
  const held = picture(16, 16, (x) => (x === 0 ? 0 : x === 15 ? 4000 : 1000 + x));
  const before = held.pixels.slice();
  const raised = equalized(held, { low: 500, high: 3000 });
  assert.equal(raised[0], 0);
  assert.equal(raised[15], 4000);
  assert.deepEqual(held.pixels, before);
});

test("a picture of one value, or of one pixel, can be equalized", () => {
  assert.equal(equalized(picture(1, 1, () => 7), { low: 0, high: 255 }).length, 1);
  assert.ok(equalized(picture(9, 5, () => 7), { low: 0, high: 255 }).every((value) => value <= 255));
});

const DX = { view: "PA", window: { center: 2000, width: 3000 }, offset: 0 };

test("a radiograph's presets come from its own values, the lungs darker than the bones", () => {
  const [own, lungs, soft, bones] = presetsOf(DX, picture(100, 100, (x) => x * 40).pixels);
  assert.deepEqual(own, { name: "Default", center: 2000, width: 3000 });
  assert.ok(lungs.center < soft.center && lungs.center < bones.center);
  assert.ok(lungs.width < 3000);
});

test("before it is loaded a radiograph has its own window only", () => {
  assert.deepEqual(presetsOf(DX).map(({ name }) => name), ["Default"]);
});

test("a window that is a preset is in the list once, under the preset's name, so that each step leads to another", () => {
  const lung = { view: "CT", offset: -1024, scale: 1, window: { center: 424, width: 1500 } };
  assert.deepEqual(presetsOf(lung).map(({ name }) => name), ["Lung", "Mediastinum", "Bone"]);
  const mediastinum = { view: "CT", offset: -1024, scale: 1, window: { center: 1064, width: 400 } };
  assert.deepEqual(presetsOf(mediastinum).map(({ name }) => name), ["Mediastinum", "Lung", "Bone"]);
  const plain = { view: "PA", window: { center: 8, width: 2 } };
  const presets = presetsOf(plain, new Uint8Array(100).fill(8));
  assert.equal(new Set(presets.map(({ center, width }) => `${center} ${width}`)).size, presets.length);
});

test("a CT's presets are in Hounsfield units", () => {
  const presets = presetsOf({ view: "CT", window: { center: 1064, width: 350 }, offset: -1024, scale: 1 });
  assert.deepEqual(presets.map(({ name }) => name), ["Default", "Lung", "Mediastinum", "Bone"]);
  assert.deepEqual(presets[1], { name: "Lung", center: 424, width: 1500 });
  assert.equal(presetLike(presets, { center: 424, width: 1500 }).name, "Lung");
  assert.equal(presetLike(presets, { center: 400, width: 1500 }), null);
});

const canvas = (width, height) => ({ width, height, data: new Uint8ClampedArray(width * height * 4) });
const grays = ({ data }) => [...data.filter((_, i) => i % 4 === 0)];

test("painted one to one, each pixel shows its own value through the window", () => {
  const out = canvas(4, 1);
  const window = { center: 150, width: 102 };
  const rendition = { width: 4, height: 1, pixels: [50, 99, 151, 300] };
  paint(rendition, out, { left: 0, top: 0, step: 1, window });
  assert.deepEqual(grays(out), [0, 0, 130, 255]);
  paint(rendition, out, { left: 0, top: 0, step: 1, window, inverted: true });
  assert.deepEqual(grays(out), [255, 255, 125, 0]);
  assert.ok(out.data.filter((_, i) => i % 4 === 3).every((alpha) => alpha === 255));
});

test("enlarged, values between pixels are mixed; outside the image it is black", () => {
  const out = canvas(8, 1);
  const rendition = { width: 2, height: 1, pixels: [0, 255] };
  paint(rendition, out, { left: -1, top: 0.25, step: 0.5, window: { center: 127.5, width: 255 } });
  assert.deepEqual(grays(out), [0, 0, 0, 64, 191, 255, 0, 0]);
});

test("an image is fitted into its room, in the middle", () => {
  assert.deepEqual(fitted({ width: 100, height: 200 }, { width: 400, height: 400 }), { scale: 2, left: 100, top: 0 });
});

test("a CT keeps its presets where a stored step is no unit, and where gray falls with the units", () => {
  const fine = { view: "CT", offset: -1024, scale: 0.5, window: { center: 100, width: 10 } };
  const falling = { view: "CT", offset: 3000, scale: -1, window: { center: 100, width: 10 } };
  const mediastinum = (image) => presetsOf(image).find(({ name }) => name === "Mediastinum");
  assert.deepEqual(mediastinum(fine), { name: "Mediastinum", center: 2128, width: 800 });
  assert.deepEqual(mediastinum(falling), { name: "Mediastinum", center: 2960, width: 400 });
});

test("a CT whose units nobody knows has its own window only", () => {
  const names = presetsOf({ view: "CT", offset: 0, scale: null, window: { center: 100, width: 10 } }).map(({ name }) => name);
  assert.deepEqual(names, ["Default"]);
});

test("an image of pixels twice as high as wide is fitted by its true height", () => {
  assert.deepEqual(fitted({ width: 100, height: 100 }, { width: 300, height: 200 }, 2), { scale: 1, left: 100, top: 0 });
  assert.deepEqual(fitted({ width: 100, height: 50 }, { width: 100, height: 300 }, 2), { scale: 1, left: 0, top: 100 });
});

test("painted with pixels twice as high as wide, each row is seen twice", () => {
  const out = { width: 2, height: 4, data: new Uint8ClampedArray(2 * 4 * 4) };
  const picture = { width: 2, height: 2, pixels: new Uint8Array([10, 20, 30, 40]) };
  paint(picture, out, { left: 0, top: 0, step: 1, down: 0.5, window: { center: 127.5, width: 255 } });
  const column = [0, 1, 2, 3].map((row) => out.data[row * 2 * 4]);
  assert.equal(column[0], 10);
  assert.equal(column[3], 30);
  assert.ok(column[1] > 10 && column[2] < 30 && column[1] < column[2]);
});
