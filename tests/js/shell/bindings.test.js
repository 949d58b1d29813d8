import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Bindings, MOUSE } from "../../../static/src/shell/bindings.js";

class Storage {
  kept = {};
  getItem(name) {
    return this.kept[name] ?? null;
  }
  setItem(name, value) {
    this.kept[name] = value;
  }
}

let storage;
const pressed = (key, modifiers = {}) => ({ key, ctrlKey: false, metaKey: false, shiftKey: false, ...modifiers });

beforeEach(() => {
  storage = new Storage();
});

test("without a choice the table holds", () => {
  const bindings = new Bindings(storage);
  assert.deepEqual(bindings.actionsOf(pressed("i")), ["invert"]);
  assert.deepEqual(bindings.mouse, MOUSE);
  assert.equal(bindings.shown("invert"), "I");
  assert.equal(bindings.shown("reset"), "Space");
});

test("a digit is a label first, a window preset where there are no labels", () => {
  assert.deepEqual(new Bindings(storage).actionsOf(pressed("2")), ["label", "presetNumber"]);
});

test("a chosen key takes the place of the old one, also after a reload", () => {
  assert.equal(new Bindings(storage).setKey("invert", ";"), "");
  const again = new Bindings(storage);
  assert.deepEqual(again.actionsOf(pressed(";")), ["invert"]);
  assert.deepEqual(again.actionsOf(pressed("i")), []);
  assert.equal(again.shown("invert"), ";");
});

test("a key that another action has is refused with its name", () => {
  const bindings = new Bindings(storage);
  assert.match(bindings.setKey("invert", "m"), /M is taken: Magnifier/);
  assert.deepEqual(bindings.actionsOf(pressed("m")), ["magnify"]);
});

test("a key that was freed can be taken", () => {
  const bindings = new Bindings(storage);
  bindings.setKey("magnify", ";");
  assert.equal(bindings.setKey("invert", "m"), "");
  assert.deepEqual(bindings.actionsOf(pressed("m")), ["invert"]);
});

test("keys with a fixed meaning, and keys with Ctrl, cannot be chosen", () => {
  const bindings = new Bindings(storage);
  assert.notEqual(bindings.setKey("submit", ";"), "");
  assert.notEqual(bindings.setKey("invert", "Ctrl b"), "");
  assert.notEqual(bindings.setKey("invert", "Enter"), "");
});

test("a button is given another role and keeps it", () => {
  assert.equal(new Bindings(storage).setMouse("right", "zoom"), "");
  assert.equal(new Bindings(storage).mouse.right, "zoom");
});

test("one button has to draw", () => {
  const bindings = new Bindings(storage);
  assert.notEqual(bindings.setMouse("left", "pan"), "");
  assert.equal(bindings.mouse.left, "draw");
  bindings.setMouse("right", "draw");
  assert.equal(bindings.setMouse("left", "window"), "");
});

test("the defaults come back", () => {
  const bindings = new Bindings(storage);
  bindings.setKey("invert", ";");
  bindings.setMouse("right", "zoom");
  bindings.reset();
  assert.deepEqual(new Bindings(storage).mouse, MOUSE);
  assert.equal(bindings.shown("invert"), "I");
});

test("what is kept but makes no sense is left out", () => {
  const nonsense = [
    "",
    "null",
    "[]",
    "{",
    '{"keys": {"invert": 5, "nothing": ";", "submit": ";"}, "mouse": {"left": "pan", "shift": "pan", "right": "dance"}}',
  ];
  for (const text of nonsense) {
    storage.kept["viewer-bindings"] = text;
    const bindings = new Bindings(storage);
    assert.deepEqual(bindings.mouse, MOUSE, text);
    assert.deepEqual(bindings.actionsOf(pressed(";")), [], text);
  }
});

test("where nothing can be kept the choice holds for the page", () => {
  const bindings = new Bindings(null);
  assert.equal(bindings.setKey("invert", ";"), "");
  assert.deepEqual(bindings.actionsOf(pressed(";")), ["invert"]);
});
