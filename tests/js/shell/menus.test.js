import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { watchMenus } from "../../../static/src/shell/menus.js";
import { openPage, press } from "../page.js";

let menu;

beforeEach(() => {
  openPage(`<details data-menu open><summary>About</summary><p id="within">words</p></details>
    <details id="plain" open><summary>More</summary></details><p id="beside">words</p>`);
  menu = document.querySelector("[data-menu]");
  watchMenus();
});

const pressOn = (id) => document.getElementById(id).dispatchEvent(new window.Event("pointerdown", { bubbles: true }));

test("a press beside it closes it, one within it does not, and other details stay", () => {
  pressOn("within");
  assert.equal(menu.open, true);
  pressOn("beside");
  assert.equal(menu.open, false);
  assert.equal(document.getElementById("plain").open, true);
});

test("Esc closes it and gives up nothing else; the next Esc is the page's", () => {
  let heard = 0;
  document.addEventListener("keydown", () => (heard += 1));
  press(document.getElementById("beside"), "Escape");
  assert.equal(menu.open, false);
  assert.equal(document.activeElement, menu.querySelector("summary"));
  assert.equal(heard, 0);
  press(document.getElementById("beside"), "Escape");
  assert.equal(heard, 1);
});
