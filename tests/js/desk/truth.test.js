import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Truth } from "../../../static/src/desk/truth.js";
import { hullOf, moveOutline, simplified } from "../../../static/src/marks/geometry.js";

const OUTLINE = [[0.1, 0.1], [0.3, 0.1], [0.2, 0.3]];
const FINDINGS = [
  {
    id: "f1", label: "nodule_mass", side: "left", significance: "actionable", position: "", size_mm: 12, location: "upper lobe", severity: "", sentence: "A nodule.",
    regions: [
      { id: "r1", image: "pa", frame: 3, shape: "box", points: [], box: [0.1, 0.2, 0.3, 0.4] },
      { id: "r2", image: "pa", frame: 4, shape: "polygon", points: OUTLINE, box: [0.1, 0.1, 0.3, 0.3] },
    ],
    others: [{ id: "r9", image: "pa", frame: 3, shape: "box", points: [], box: [0.1, 0.2, 0.4, 0.4], reader: "2" }],
  },
  { id: "f2", label: "tube", side: "", significance: "minor", position: "right", size_mm: null, location: "", severity: "", sentence: "", regions: [{ id: "r3", image: "pa", frame: 0, shape: "point", points: [[0.5, 0.1], [0.5, 0.4]], box: [0.4, 0.3, 0.6, 0.5] }] },
  { id: "f3", label: "effusion", side: "", significance: "minor", position: "", size_mm: null, location: "", severity: "", sentence: "", regions: [] },
  { id: "f4", label: "cardiomegaly", side: "", significance: "minor", position: "", size_mm: null, location: "", severity: "", sentence: "Large.", regions: [] },
  { id: "f5", label: "cardiomegaly", side: "", significance: "minor", position: "", size_mm: null, location: "", severity: "", sentence: "Here.", regions: [{ id: "r5", image: "pa", frame: 0, shape: "box", points: [], box: [0.3, 0.4, 0.7, 0.8] }] },
  { id: "f6", label: "cardiomegaly", side: "left", significance: "minor", position: "", size_mm: null, location: "", severity: "", sentence: "Again.", regions: [] },
];
let truth;

beforeEach(() => {
  truth = new Truth(structuredClone(FINDINGS), (slug) => slug !== "cardiomegaly");
});

test("what is loaded is what is sent, unless it is changed", () => {
  const sent = Object.fromEntries(truth.toJson().map((finding) => [finding.id, finding]));
  for (const { others, ...finding } of FINDINGS) {
    const { regions, ...said } = sent[finding.id];
    const { regions: before, ...was } = finding;
    assert.deepEqual(said, was);
    assert.equal(regions.length, before.length);
    regions.forEach((region, index) => {
      const { id, image, frame, shape, points } = before[index];
      assert.deepEqual({ id, image, frame, shape, points }, { id: region.id, image: region.image, frame: region.frame, shape: region.shape, points: region.points });
    });
  }
  assert.equal(truth.others.length, 1);
});

test("a new place is a finding of its own, or joins the one in hand", () => {
  truth.add({ label: "nodule_mass", image: "pa", frame: 0, box: [0.5, 0.5, 0.6, 0.6] });
  assert.equal(truth.findings.length, 7);
  truth.joining = { key: "f1", label: "nodule_mass" };
  truth.add({ label: "nodule_mass", image: "pa", frame: 5, box: [0.1, 0.2, 0.3, 0.4] });
  truth.add({ label: "fracture", image: "pa", frame: 5, box: [0.1, 0.2, 0.3, 0.4] });
  assert.deepEqual(truth.findings.map(({ places }) => places.length), [3, 1, 1, 1, 1, 0, 0, 0]);
});

test("another label is that of all places of the finding", () => {
  truth.relabel(truth.marks[0].id, "fracture");
  assert.deepEqual(truth.findings[0].places.map(({ label }) => label), ["fracture", "fracture"]);
  assert.equal(truth.toJson()[0].id, "f1");
});

test("a tip that is moved takes the end of its way along", () => {
  const tube = truth.marks.find(({ label }) => label === "tube");
  truth.change(tube.id, { point: [0.5, 0.45] });
  const { points } = truth.toJson().find(({ label }) => label === "tube").regions[0];
  assert.deepEqual(points, [[0.5, 0.1], [0.5, 0.45]]);
});

test("what is said of a finding is kept with it, and a finding can go", () => {
  truth.say("f1", "sentence", "Two nodules.");
  assert.equal(truth.toJson()[0].sentence, "Two nodules.");
  truth.drop("f1");
  truth.drop("f3");
  for (const key of ["tick-cardiomegaly", "f5", "f6"]) truth.drop(key);
  assert.deepEqual(truth.toJson().map(({ label }) => label), ["tube"]);
});

test("an outline dragged to another place has its box there", () => {
  const mark = truth.marks.find(({ outline }) => outline);
  truth.preview(mark.id, moveOutline(OUTLINE, 0.1, 0).outline);
  truth.endPreview(moveOutline(OUTLINE, 0.1, 0).outline);
  assert.deepEqual(truth.mark(mark.id).box.map((side) => Math.round(side * 100) / 100), [0.2, 0.1, 0.4, 0.3]);
});

test("an outline stays inside the image", () => {
  assert.deepEqual(hullOf(moveOutline(OUTLINE, -1, 1).outline).map((side) => Math.round(side * 100) / 100), [0, 0.8, 0.2, 1]);
});

test("a hand-drawn line keeps its corners and loses what lies between", () => {
  const line = [[0, 0], [5, 0.1], [10, 0], [10, 5], [10, 10]];
  assert.deepEqual(simplified(line, 0.5), [[0, 0], [10, 0], [10, 10]]);
});
