import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Sheet } from "../../../static/src/attempt/sheet.js";
import { openPage } from "../page.js";

let sheet;
const byRole = (name) => document.querySelector(`[data-role=${name}]`);
const button = () => document.querySelector("[data-action=panel]");

beforeEach(() => {
  openPage(`<div id="workspace" data-panel="open">
    <div id="stage"><button id="canvas"></button></div>
    <button data-action="panel" aria-expanded="true"><span data-role="panel-name"></span></button>
    <button data-role="taller" aria-pressed="false"></button><aside id="panel" aria-label="Findings"></aside></div>`);
  sheet = new Sheet({ signal: new AbortController().signal });
});

test("the button has the panel's name, and tells whether it is there", () => {
  assert.equal(byRole("panel-name").textContent, "Findings");
  sheet.toggle();
  assert.equal(sheet.state, "closed");
  assert.equal(button().getAttribute("aria-expanded"), "false");
  sheet.toggle();
  assert.equal(sheet.state, "open");
  assert.equal(button().getAttribute("aria-expanded"), "true");
});

test("the handle raises it over the image and lowers it again", () => {
  byRole("taller").click();
  assert.equal(sheet.state, "tall");
  assert.equal(byRole("taller").getAttribute("aria-pressed"), "true");
  byRole("taller").click();
  assert.equal(sheet.state, "open");
});

test("opening brings it back and does not lower it; lowering does not open it", () => {
  sheet.toggle();
  sheet.lower();
  assert.equal(sheet.state, "closed");
  sheet.open();
  assert.equal(sheet.state, "open");
  byRole("taller").click();
  sheet.open();
  assert.equal(sheet.state, "tall");
});

test("what gets the focus on the image is not beneath it", () => {
  byRole("taller").click();
  document.getElementById("canvas").dispatchEvent(new window.Event("focusin", { bubbles: true }));
  assert.equal(sheet.state, "open");
});
