import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { KEYS, actionOf, isTyping, labelOf, mayRepeat } from "../../../static/src/shell/keys.js";

import { openPage } from "../page.js";

beforeEach(() => {
  openPage(`
    <main>
      <button id="button"><kbd id="within">S</kbd></button>
      <a id="link" href="/">Home</a>
      <details><summary id="summary">More</summary></details>
      <input id="search" type="search"><input id="box" type="checkbox">
      <input id="slider" type="range"><textarea id="area"></textarea><select id="select"><option>1</option></select>
      <div id="canvas" tabindex="0"></div>
    </main>`);
});

function key(name, modifiers = {}) {
  return new window.KeyboardEvent("keydown", { key: name, ...modifiers });
}

function typing(id, name) {
  return isTyping({ target: document.getElementById(id), key: name });
}

const names = ({ keys }) => keys;

test("a key means two things only where one entry says that it stands in for the other", () => {
  for (const entry of KEYS) {
    for (const other of KEYS) {
      if (other === entry || other.instead === entry.action || entry.instead === other.action) continue;
      assert.deepEqual(names(entry).filter((key) => names(other).includes(key)), [], `${entry.action} ${other.action}`);
    }
  }
});

test("every entry has an action and words for the help sheet", () => {
  for (const { keys, action, help } of KEYS) {
    assert.ok(keys.length && action && help, action);
  }
});

test("every key of the table gives its action", () => {
  for (const { keys, action, instead } of KEYS) {
    for (const name of keys.filter((key) => key !== "Shift digit")) {
      const parts = name.split(" ").filter(Boolean);
      const event = key(name === " " ? " " : parts.at(-1), { ctrlKey: parts.includes("Ctrl"), shiftKey: parts.includes("Shift") });
      const expected = instead ?? action;
      assert.equal(actionOf(parts.includes("Shift") ? { ...spread(event), key: event.key.toUpperCase() } : event), expected);
    }
  }
});

const spread = ({ key: pressed, ctrlKey, metaKey, shiftKey }) => ({ key: pressed, ctrlKey, metaKey, shiftKey });

test("a digit with Shift is a confidence, whatever the keyboard prints for it", () => {
  for (const pressed of ["!", "1"]) {
    const expected = pressed === "!" ? "confidence" : "label";
    assert.equal(actionOf({ key: pressed, code: "Digit1", shiftKey: true }), expected);
  }
});

test("keys are printed as they stand on a keyboard", () => {
  assert.deepEqual([" ", "i", "PageUp", "="].map(labelOf), ["Space", "I", "PageUp", "="]);
});

test("arrows in a slider stay with it, other keys are commands", () => {
  assert.ok(typing("slider", "ArrowUp"));
  assert.ok(!typing("slider", "i"));
});

test("a key that is not in the table means nothing", () => {
  for (const name of [";", "F5", "Tab", "Shift", "Unidentified"]) assert.equal(actionOf(key(name)), null);
});

test("undo and redo need Ctrl or the Mac's command key", () => {
  assert.equal(actionOf(key("z")), null);
  assert.equal(actionOf(key("z", { ctrlKey: true })), "undo");
  assert.equal(actionOf(key("z", { metaKey: true })), "undo");
  assert.equal(actionOf(key("y", { metaKey: true })), "redo");
});

test("the browser keeps its own keys with Ctrl", () => {
  for (const name of ["0", "+", "-", "h", "n", "r", "1", "Enter"]) assert.equal(actionOf(key(name, { ctrlKey: true })), null);
});

test("keys that need Shift on some keyboards work with it", () => {
  assert.equal(actionOf(key("?", { shiftKey: true })), "help");
  assert.equal(actionOf(key("+", { shiftKey: true })), "zoomIn");
  assert.equal(actionOf(key("/", { shiftKey: true })), "search");
  assert.equal(actionOf(key("ArrowLeft", { shiftKey: true })), "nudge");
});

test("Caps Lock does not switch the commands off", () => {
  assert.equal(actionOf(key("I")), "invert");
  assert.equal(actionOf(key("Z", { ctrlKey: true })), "undo");
});

test("the Mac's and many editors' redo is known", () => {
  assert.equal(actionOf(key("Z", { metaKey: true, shiftKey: true })), "redo");
});

test("typing in a field is no command, whatever the key", () => {
  for (const id of ["search", "area", "select"]) {
    for (const name of ["n", "1", "Backspace", "Enter", "Escape", "ArrowLeft", " "]) assert.ok(typing(id, name), `${id} ${name}`);
  }
});

test("Enter and Space on a focused button, link or summary stay with it", () => {
  for (const id of ["button", "within", "link", "summary"]) {
    assert.ok(typing(id, "Enter"), id);
    assert.ok(typing(id, " "), id);
    assert.ok(!typing(id, "n"), id);
    assert.ok(!typing(id, "Escape"), id);
  }
});

test("a focused tick keeps Space, and every other command works on", () => {
  assert.ok(typing("box", " "));
  assert.ok(!typing("box", "n"));
  assert.ok(!typing("box", "ArrowDown"));
});

test("on the image every key is a command", () => {
  for (const name of ["Enter", " ", "n", "1"]) assert.ok(!typing("canvas", name));
});

test("a key that went to the document or the window is a command", () => {
  assert.equal(isTyping({ target: document, key: "Enter" }), false);
  assert.equal(isTyping({ target: window, key: "Enter" }), false);
  assert.equal(isTyping({ target: null, key: "Enter" }), false);
});
test("a key that is held submits, hints and goes on once, but zooms and steps on", () => {
  for (const action of ["submit", "hint", "normal", "remove", "swap", "label"]) assert.equal(mayRepeat(action), false, action);
  for (const action of ["zoomIn", "nudge", "frameDown", "undo"]) assert.equal(mayRepeat(action), true, action);
});
