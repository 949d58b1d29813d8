import assert from "node:assert/strict";
import { test } from "node:test";

import { Answer } from "../../../static/src/marks/answer.js";

const BOX = [0.1, 0.1, 0.3, 0.3];
const OTHER = [0.5, 0.5, 0.7, 0.7];

function heard(answer) {
  const names = [];
  for (const name of ["changed", "previewed", "selected"]) answer.addEventListener(name, () => names.push(name));
  return names;
}

test("a new answer is empty and nothing can be undone or redone", () => {
  const answer = new Answer();
  const names = heard(answer);
  answer.undo();
  answer.redo();
  assert.ok(answer.isEmpty);
  assert.deepEqual(answer.complete, { marks: [], ticked: [], normal: false });
  assert.deepEqual(names, []);
});

test("a draft from the server is taken over", () => {
  const mark = { id: "a", label: "nodule_mass", image: "pa", frame: 0, box: BOX, confidence: 3 };
  const answer = new Answer({ version: 4, marks: [mark], ticked: ["edema"], normal: false });
  assert.deepEqual(answer.complete, { marks: [mark], ticked: ["edema"], normal: false });
  assert.equal(answer.isEmpty, false);
});

test("a mark gets an id, a frame and no confidence, and is selected", () => {
  const answer = new Answer();
  const mark = answer.add({ image: "pa", box: BOX });
  assert.match(mark.id, /^[0-9a-f-]{36}$/);
  assert.deepEqual({ ...mark, id: "" }, { id: "", image: "pa", box: BOX, confidence: null, frame: 0, label: null });
  assert.equal(answer.selected, mark.id);
  assert.equal(answer.mark(mark.id), mark);
  assert.equal(answer.mark("another"), null);
});

test("two marks never have the same id", () => {
  const answer = new Answer();
  assert.notEqual(answer.add({ image: "pa", box: BOX }).id, answer.add({ image: "pa", box: BOX }).id);
});

test("a box without a label is kept but not sent", () => {
  const answer = new Answer();
  const bare = answer.add({ image: "pa", box: BOX });
  const named = answer.add({ image: "pa", box: OTHER, label: "fracture" });
  assert.deepEqual(answer.complete.marks, [named]);
  assert.deepEqual(answer.unlabeled, [bare]);
  assert.equal(answer.marks.length, 2);
});

test("one undo takes back one action, and one redo does it again", () => {
  const answer = new Answer();
  const mark = answer.add({ image: "pa", box: BOX });
  answer.change(mark.id, { label: "fracture" });
  answer.tick("edema", true);
  answer.remove(mark.id);
  const states = [];
  for (let step = 0; step < 4; step += 1) {
    answer.undo();
    states.push([answer.marks.map(({ label }) => label), [...answer.ticked]]);
  }
  assert.deepEqual(states, [[["fracture"], ["edema"]], [["fracture"], []], [[null], []], [[], []]]);
  for (let step = 0; step < 4; step += 1) answer.redo();
  assert.deepEqual(answer.complete, { marks: [], ticked: ["edema"], normal: false });
});

test("undo and redo are told like any change", () => {
  const answer = new Answer();
  answer.tick("edema", true);
  const names = heard(answer);
  answer.undo();
  answer.redo();
  answer.redo();
  assert.deepEqual(names, ["changed", "changed"]);
});

test("a new action after an undo ends what could be redone", () => {
  const answer = new Answer();
  answer.tick("edema", true);
  answer.undo();
  answer.tick("scoliosis", true);
  answer.redo();
  assert.deepEqual(answer.ticked, ["scoliosis"]);
});

test("undo selects what was selected before, where it still is", () => {
  const answer = new Answer();
  const first = answer.add({ image: "pa", box: BOX });
  const second = answer.add({ image: "pa", box: OTHER });
  answer.remove(second.id);
  assert.equal(answer.selected, null);
  answer.undo();
  assert.equal(answer.selected, second.id);
  answer.undo();
  assert.equal(answer.selected, first.id);
  answer.undo();
  assert.equal(answer.selected, null);
});

test("a dragged box changes all the way and is one undo step", () => {
  const answer = new Answer();
  const { id } = answer.add({ image: "pa", box: BOX });
  const names = heard(answer);
  for (const x of [0.15, 0.2, 0.25]) answer.preview(id, [x, 0.1, x + 0.2, 0.3]);
  assert.deepEqual(names, ["previewed", "previewed", "previewed"]);
  assert.deepEqual(answer.mark(id).box, [0.25, 0.1, 0.45, 0.3]);
  answer.endPreview(OTHER);
  assert.equal(names.filter((name) => name === "changed").length, 1);
  assert.deepEqual(answer.mark(id).box, OTHER);
  answer.undo();
  assert.deepEqual(answer.mark(id).box, BOX);
  answer.redo();
  assert.deepEqual(answer.mark(id).box, OTHER);
});

test("a drag that ends where it began is no action", () => {
  const answer = new Answer();
  const { id } = answer.add({ image: "pa", box: BOX });
  answer.preview(id, OTHER);
  answer.endPreview(BOX);
  answer.undo();
  assert.equal(answer.mark(id), null);
});

test("changing or removing a mark that is not there is no action", () => {
  const answer = new Answer();
  answer.tick("edema", true);
  answer.change("gone", { label: "fracture" });
  answer.remove("gone");
  answer.undo();
  assert.deepEqual(answer.ticked, []);
});

test("a change leaves the other marks and the history's states alone", () => {
  const answer = new Answer();
  const first = answer.add({ image: "pa", box: BOX, label: "fracture" });
  const second = answer.add({ image: "pa", box: OTHER, label: "bulla" });
  answer.change(first.id, { confidence: 5 });
  assert.equal(answer.mark(first.id).confidence, 5);
  assert.equal(answer.mark(second.id), second);
  assert.equal(first.confidence, null);
});

test("a finding is ticked once and unticked again", () => {
  const answer = new Answer();
  answer.tick("edema", true);
  answer.tick("scoliosis", true);
  answer.tick("edema", true);
  assert.deepEqual([...answer.ticked].sort(), ["edema", "scoliosis"]);
  answer.tick("edema", false);
  assert.deepEqual(answer.ticked, ["scoliosis"]);
});

test("no abnormality clears marks and ticks, and one undo brings them back", () => {
  const answer = new Answer();
  const mark = answer.add({ image: "pa", box: BOX, label: "fracture" });
  answer.tick("edema", true);
  answer.setNormal(true);
  assert.deepEqual(answer.complete, { marks: [], ticked: [], normal: true });
  assert.equal(answer.selected, null);
  assert.equal(answer.isEmpty, false);
  answer.undo();
  assert.deepEqual(answer.complete, { marks: [mark], ticked: ["edema"], normal: false });
  assert.equal(answer.selected, mark.id);
});

test("drawing or ticking takes back that nothing is abnormal, unticking does not", () => {
  const answer = new Answer({ normal: true });
  answer.tick("edema", false);
  assert.equal(answer.normal, true);
  answer.tick("edema", true);
  assert.equal(answer.normal, false);
  answer.setNormal(true);
  answer.add({ image: "pa", box: BOX });
  assert.equal(answer.normal, false);
  answer.setNormal(true);
  answer.setNormal(false);
  assert.ok(answer.isEmpty);
});

test("another window's answer replaces this one and can be undone", () => {
  const answer = new Answer();
  answer.add({ image: "pa", box: BOX, label: "fracture" });
  answer.replace({ ticked: ["edema"] });
  assert.deepEqual(answer.complete, { marks: [], ticked: ["edema"], normal: false });
  assert.equal(answer.selected, null);
  answer.undo();
  assert.equal(answer.marks.length, 1);
});

test("selecting is told once and is no undo step", () => {
  const answer = new Answer();
  const { id } = answer.add({ image: "pa", box: BOX });
  const names = heard(answer);
  answer.select(null);
  assert.equal(answer.selected, null);
  answer.select(id);
  answer.select(id);
  assert.equal(answer.selected, id);
  assert.deepEqual(names, ["selected", "selected"]);
  answer.undo();
  assert.equal(answer.mark(id), null);
});

test("a side is stored with its tick, read back, undone as one step, and gone with the tick", () => {
  const stored = { ticked: ["edema", { label: "pneumothorax", side: "bilateral" }] };
  const answer = new Answer(stored);
  assert.deepEqual(answer.sides, { pneumothorax: "both" });
  answer.side("pneumothorax", "left");
  assert.deepEqual(answer.complete.ticked, ["edema", { label: "pneumothorax", side: "left" }]);
  answer.side("pneumothorax", "left");
  answer.undo();
  assert.deepEqual(answer.complete.ticked, ["edema", { label: "pneumothorax", side: "both" }]);
  answer.tick("pneumothorax", false);
  answer.tick("pneumothorax", true);
  assert.deepEqual(answer.complete.ticked, ["edema", "pneumothorax"]);
  answer.side("scoliosis", "left");
  assert.deepEqual(answer.sides, {});
});

// points

test("of a point from the server only the point is kept: its box would stay behind", () => {
  const mark = { id: "a", label: "chest_tube", image: "pa", frame: 0, box: BOX, point: [0.2, 0.2], position: "right" };
  const answer = new Answer({ marks: [mark] });
  assert.equal(answer.marks[0].box, undefined);
  answer.preview("a", [0.4, 0.4]);
  assert.deepEqual(answer.marks[0].point, [0.4, 0.4]);
  answer.endPreview([0.5, 0.5]);
  assert.deepEqual(answer.complete.marks[0].point, [0.5, 0.5]);
});

test("a box that becomes a device is a point in its middle, and a device that becomes another finding is a box around it", () => {
  const answer = new Answer();
  const { id } = answer.add({ image: "pa", box: BOX });
  answer.relabel(id, "chest_tube", true);
  assert.deepEqual(answer.mark(id).point, [0.2, 0.2]);
  answer.change(id, { position: "wrong" });
  answer.relabel(id, "bulla");
  const { point, position, box } = answer.mark(id);
  assert.deepEqual([point, position], [undefined, undefined]);
  assert.ok(box[0] < 0.2 && box[2] > 0.2);
});

test("another kind of device keeps the tip and asks for its position again", () => {
  const answer = new Answer();
  const { id } = answer.add({ image: "pa", point: [0.2, 0.2], label: "chest_tube", position: "right" });
  answer.relabel(id, "feeding_tube", true);
  assert.deepEqual(answer.mark(id).point, [0.2, 0.2]);
  assert.deepEqual(answer.unjudged.map((mark) => mark.id), [id]);
});

test("how sure one is that nothing is abnormal is sent, taken back by the same level and by any finding", () => {
  const answer = new Answer();
  answer.beSure(4);
  assert.equal(answer.sure, null, "nothing was said to be normal");
  answer.setNormal(true);
  answer.beSure(4);
  assert.deepEqual(answer.complete, { marks: [], ticked: [], normal: true, normal_confidence: 4 });
  answer.beSure(4);
  assert.equal(answer.complete.normal_confidence, undefined);
  answer.beSure(2);
  answer.tick("edema", true);
  assert.deepEqual(answer.complete, { marks: [], ticked: ["edema"], normal: false });
  answer.undo();
  assert.equal(answer.complete.normal_confidence, 2);
  assert.equal(new Answer(answer.complete).sure, 2, "and is there again after a reload");
});

test("a mark carries when it was drawn, and when its place or label was changed last", () => {
  let now = 2400.6;
  const answer = new Answer({}, () => now);
  const { id } = answer.add({ image: "pa", box: BOX });
  assert.equal(answer.mark(id).drawn_ms, 2401);
  now = 3000;
  answer.relabel(id, "fracture"); // the first label belongs to the drawing
  answer.change(id, { confidence: 4 });
  assert.equal("changed_ms" in answer.mark(id), false);
  now = 5000;
  answer.change(id, { box: BOX });
  assert.equal("changed_ms" in answer.mark(id), false, "nothing was changed");
  answer.preview(id, OTHER);
  answer.endPreview(OTHER);
  assert.equal(answer.mark(id).changed_ms, 5000);
  now = 6000;
  answer.relabel(id, "nodule_mass");
  assert.deepEqual([answer.mark(id).drawn_ms, answer.mark(id).changed_ms], [2401, 6000]);
  answer.undo();
  assert.equal(answer.mark(id).changed_ms, 5000);
});

test("the times of a draft are sent again as they came", () => {
  const mark = { id: "a", label: "nodule_mass", image: "pa", frame: 0, box: BOX, confidence: 3, drawn_ms: 900, changed_ms: 1200 };
  const answer = new Answer({ marks: [mark] }, () => 9000);
  answer.tick("edema", true);
  assert.deepEqual(answer.complete.marks, [mark]);
});
