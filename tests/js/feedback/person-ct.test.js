import assert from "node:assert/strict";
import { test } from "node:test";

import { OFFSET, PLANES, PersonCt, valuesOf } from "../../../static/src/feedback/person-ct.js";

const SHAPE = [4, 6, 8];
const said = {
  url: "/ct",
  shape: SHAPE,
  corner: [0, -10, 0],
  spacing: 10,
  deep: 1.2,
  across: 3,
  table: [[-1000, 0], [0, 100], [1000, 200]],
  beam: { middle: [20, 40], corner: [-22, -44], size: [44, 88], near: 0.98, slope: -0.0005 },
  spots: [{ name: "Mass", label: "nodule_mass", side: "left", at: [25, 15, 55], depth: [5, 25] }],
};

// Every voxel has a gray of its own: its place in the volume, all of it body.
function made(grayOf = (z, y, x) => (z * 6 + y) * 8 + x) {
  const width = said.across * SHAPE[2];
  const grays = new Uint8Array(width * 2 * SHAPE[1]);
  for (let z = 0; z < 4; z += 1)
    for (let y = 0; y < 6; y += 1)
      for (let x = 0; x < 8; x += 1) grays[(Math.floor(z / 3) * 6 + y) * width + (z % 3) * 8 + x] = grayOf(z, y, x);
  return new PersonCt(said, { width, grays });
}

test("grays become stored values along the table", () => {
  const values = valuesOf(said.table);
  assert.deepEqual([values[0], values[50], values[100], values[150]], [24, 524, OFFSET, OFFSET + 500]);
});

test("each plane's slice holds the voxels of its place", () => {
  const ct = made();
  const values = valuesOf(said.table);
  const at = (z, y, x) => values[(z * 6 + y) * 8 + x];
  const [axial, coronal, sagittal] = PLANES.map((plane) => ct.sliceAt(ct.imageOf(plane).frame_urls[3]));
  assert.deepEqual([axial.width, axial.height], [8, 6]);
  assert.equal(axial.pixels[2 * 8 + 5], at(3, 2, 5));
  assert.deepEqual([coronal.width, coronal.height], [8, 4]);
  assert.equal(coronal.pixels[2 * 8 + 5], at(2, 3, 5));
  assert.deepEqual([sagittal.width, sagittal.height], [6, 4]);
  assert.equal(sagittal.pixels[2 * 6 + 5], at(2, 5, 3));
});

test("a person who is thicker than the CT has pixels that are no squares", () => {
  const ct = made();
  assert.deepEqual(PLANES.map((plane) => Number(ct.imageOf(plane).aspect.toFixed(3))), [1.2, 1, 0.833]);
  assert.deepEqual(ct.imageOf("sagittal").spacing_mm, [10, 12]);
});

test("a point of the film is a line: there and back at every depth", () => {
  const ct = made();
  for (const depth of [-10, 0, 33]) {
    const share = ct.onFilm(ct.onLine([0.3, 0.7], depth));
    assert.ok(Math.hypot(share[0] - 0.3, share[1] - 0.7) < 1e-9);
  }
  const [front, back] = [ct.onLine([1, 1], 0), ct.onLine([1, 1], 40)];
  assert.ok(front[2] > back[2] && front[0] > back[0], "toward the source the beam is narrower");
});

test("slices, their pixels and points of the person agree", () => {
  const ct = made();
  const point = [25, 15, 55];
  assert.deepEqual(PLANES.map((plane) => ct.frameOf(plane, point)), [2, 2, 5]);
  for (const plane of PLANES) assert.deepEqual(ct.fromSlice(plane, ct.onSlice(plane, point), [25, 15, 55]), point);
  assert.deepEqual(ct.moved("coronal", 0, point), [25, -5, 55]);
  assert.equal(ct.frameOf("axial", [-99, 0, 0]), 0);
  assert.equal(ct.unitsAt([99, 0, 0]), null);
});

test("it says what lies at a point, and where along the line the finding is", () => {
  const ct = made((z, y) => (y === 0 || y === 5 ? 0 : 104));
  const spot = ct.spotNear(ct.onFilm([25, 15, 55]), { reach: 0.01 });
  assert.equal(spot.name, "Mass");
  assert.equal(ct.spotNear([0, 0], { reach: 0.01 }), null);
  assert.equal(ct.spotNear([0, 0], { name: "Mass" }), spot);
  assert.equal(ct.spotNear([0, 0], { name: "Bulla" }), null);
  const words = ct.inWords([25, 15, 55], spot);
  assert.match(words, /axial 3 of 4, coronal 3 of 6, sagittal 6 of 8/);
  assert.match(words, /40 HU, as of soft tissue/);
  assert.match(words, /Mass lies from 1 to 3 cm along it/);
  assert.match(made(() => 0).inWords([25, 15, 55]), /misses the body/);
});

test("a picture that is too small for the slices is refused", () => {
  for (const sheet of [{ width: 24, grays: new Uint8Array(24 * 11) }, { width: 8, grays: new Uint8Array(1000) }]) {
    assert.throws(() => new PersonCt(said, sheet), /too small/);
  }
});
