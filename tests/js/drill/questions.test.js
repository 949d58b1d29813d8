import assert from "node:assert/strict";
import { test } from "node:test";

import { OnePoint, question } from "../../../static/src/drill/questions.js";

const asked = (drill, draft = {}) => question({ drill, draft: { version: 0, ...draft } });
const images = [{ id: "film" }];

test("a glance is called before the free look, and neither before the film was seen", () => {
  const calls = asked("normal");
  assert.equal(calls.choose("normal"), false);
  assert.deepEqual(calls.answer, {});
  calls.looked();
  assert.equal(calls.phase, "glance");
  assert.equal(calls.choose("abnormal"), false);
  assert.equal(calls.phase, "free");
  assert.notEqual(calls.missing(), "");
  assert.equal(calls.choose("normal"), true);
  assert.deepEqual(calls.answer, { looked: true, glance: "abnormal", free: "normal" });
  assert.equal(calls.missing(), "");
});

test("a page that is loaded again goes on where it was left", () => {
  assert.equal(asked("normal", { looked: true }).mayLook, false);
  assert.equal(asked("normal", { looked: true, glance: "normal" }).phase, "free");
});

test("a tube check wants the tip and the verdict", () => {
  const tip = asked("tip");
  assert.match(tip.missing(null), /tip/);
  assert.match(tip.missing([0.5, 0.5]), /right or wrong/);
  tip.choose("wrong");
  assert.equal(tip.missing([0.5, 0.5]), "");
  assert.equal(tip.isChosen("wrong"), true);
});

test("no nodule is said at once, and taken back by a place", () => {
  const nodule = asked("nodule");
  assert.notEqual(nodule.missing(undefined), "");
  assert.equal(nodule.choose("none"), true);
  nodule.pointed();
  assert.deepEqual(nodule.answer, {});
});

test("of two films one is the answer", () => {
  const pair = asked("pair");
  assert.equal(pair.choose("second"), true);
  assert.deepEqual(pair.answer, { film: "second" });
});

test("of two films of one person one word is the answer", () => {
  const change = asked("change");
  assert.equal(change.choose("larger"), true);
  assert.deepEqual(change.answer, { change: "larger" });
});

test("another machine wants a word on the patient and one on the technique", () => {
  const machine = asked("machine");
  assert.match(machine.missing(), /patient/);
  assert.equal(machine.choose("same"), false);
  assert.match(machine.missing(), /technique/);
  machine.choose("breath");
  assert.equal(machine.missing(), "");
  assert.equal(machine.choose("changed"), false);
  assert.deepEqual(machine.answer, { patient: "changed", technique: "breath" });
  assert.equal(machine.isChosen("breath") && machine.isChosen("changed"), true);
});

test("a second point takes the place of the first", () => {
  const point = new OnePoint({ draft: {}, images, drill: "tip" });
  assert.deepEqual(point.place, {});
  point.add({ image: "film", label: "tip", point: [0.1, 0.2] });
  point.add({ image: "film", label: "tip", point: [0.3, 0.4] });
  assert.deepEqual(point.place, { point: [0.3, 0.4] });
  assert.equal(point.marks.length, 1);
  point.clear();
  assert.deepEqual(point.place, {});
});

test("a point that was saved is there again", () => {
  const point = new OnePoint({ draft: { point: [0.5, 0.6] }, images, drill: "nodule" });
  assert.deepEqual(point.place, { point: [0.5, 0.6] });
});
