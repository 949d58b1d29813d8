import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { KEYS, actionOf, isTyping } from "../../static/src/keys.js";
import { openPage } from "./page.js";

beforeEach(() => {
  openPage(`
    <main>
      <button id="button"><kbd id="within">S</kbd></button>
      <a id="link" href="/">Home</a>
      <details><summary id="summary">More</summary></details>
      <input id="search" type="search"><input id="box" type="checkbox">
      <textarea id="area"></textarea><select id="select"><option>1</option></select>
      <div id="canvas" tabindex="0"></div>
    </main>
    <dialog id="help" open><button id="close">Close</button></dialog>`);
});

function key(name, modifiers = {}) {
  return new window.KeyboardEvent("keydown", { key: name, ...modifiers });
}

function typing(id, name) {
  return isTyping({ target: document.getElementById(id), key: name });
}

test("no key means two things", () => {
  const all = KEYS.flatMap(({ keys, ctrl = false }) => keys.map((name) => `${ctrl} ${name}`));
  assert.equal(new Set(all).size, all.length);
});

test("every entry has an action and words for the help sheet", () => {
  for (const { keys, action, help } of KEYS) {
    assert.ok(keys.length && action && help, action);
  }
});

test("every key of the table gives its action", () => {
  for (const { keys, action, ctrl } of KEYS) {
    for (const name of keys) assert.equal(actionOf(key(name, { ctrlKey: Boolean(ctrl) })), action);
  }
});

test("a key that is not in the table means nothing", () => {
  for (const name of ["q", "F5", "Tab", "Shift", "Unidentified"]) assert.equal(actionOf(key(name)), null);
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

test("keys pressed in an open dialog stay with the dialog", () => {
  for (const name of ["Escape", "n", "Backspace", "1"]) assert.ok(typing("close", name), name);
});
