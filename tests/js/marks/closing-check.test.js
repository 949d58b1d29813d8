import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { ClosingCheck } from "../../../static/src/marks/closing-check.js";
import { openPage } from "../page.js";

const PAGE = `<p id="status-line"></p><main id="main" tabindex="-1"></main>
  <label hidden><input type="checkbox" id="choice"></label>
  <aside id="panel"><details data-role="closing-check" hidden><summary>Last look <span data-role="closing-said">where</span></summary>
    <input type="checkbox"><input type="checkbox"><button data-role="closing-off">Switch it off</button></details></aside>`;

let life;
const start = () => {
  life = new AbortController();
  return new ClosingCheck(document.getElementById("panel"), document.getElementById("choice"), life);
};
const details = () => document.querySelector("details");
const said = () => document.querySelector("[data-role=closing-said]").textContent;

beforeEach(() => {
  openPage(PAGE);
  const store = new Map();
  globalThis.localStorage = { getItem: (name) => store.get(name) ?? null, setItem: (name, value) => store.set(name, value) };
});

test("it is offered closed and counts what was looked at, in any order", () => {
  start();
  assert.equal(details().hidden, false);
  assert.equal(details().open, false);
  const boxes = details().querySelectorAll("input");
  boxes[1].click();
  assert.equal(said(), "1 of 2 looked at");
  boxes[0].click();
  assert.equal(said(), "2 of 2 looked at");
  boxes[0].click();
  boxes[1].click();
  assert.equal(said(), "where");
});

test("switched off it stays away, until the settings bring it back", () => {
  start();
  document.querySelector("[data-role=closing-off]").click();
  assert.equal(details().hidden, true);
  life.abort();
  start();
  assert.equal(details().hidden, true);
  const choice = document.getElementById("choice");
  assert.equal(choice.checked, false);
  choice.click();
  assert.equal(details().hidden, false);
  life.abort();
  start();
  assert.equal(details().hidden, false);
});

test("a page without it offers no choice", () => {
  details().remove();
  start();
  assert.equal(document.getElementById("choice").parentElement.hidden, true);
});
