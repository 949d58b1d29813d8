import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Tour } from "../../../static/src/attempt/tour.js";
import { openPage } from "../page.js";

const PAGE = `<main id="main" tabindex="-1"><div id="stage"></div><aside id="panel">
  <section data-tour="localize" hidden><ol><li data-points="#stage">Look.</li><li data-points="#text">Mark.</li></ol>
    <span data-role="tour-place"></span><button data-role="tour-skip">Skip</button><button data-role="tour-next">Next</button>
  </section><p id="text"></p></aside></main>`;
const byRole = (name) => document.querySelector(`[data-role=${name}]`);
const section = () => document.querySelector("[data-tour]");
const seen = () => [...document.querySelectorAll("li")].filter(({ hidden }) => !hidden).map(({ textContent }) => textContent);
const begun = () => new Tour(document.getElementById("panel"));
let store;

beforeEach(() => {
  openPage(PAGE);
  store = new Map();
  globalThis.localStorage = { getItem: (name) => store.get(name) ?? null, setItem: (name, value) => store.set(name, value) };
});

test("one sentence at a time, with what it is about framed, and after the last it is over for good", () => {
  begun();
  assert.deepEqual(seen(), ["Look."]);
  assert.equal(byRole("tour-place").textContent, "1 of 2");
  assert.ok(document.getElementById("stage").classList.contains("pointed-at"));
  byRole("tour-next").click();
  assert.deepEqual(seen(), ["Mark."]);
  assert.equal(byRole("tour-next").textContent, "Got it");
  assert.deepEqual([...document.querySelectorAll(".pointed-at")].map(({ id }) => id), ["text"]);
  byRole("tour-next").click();
  assert.equal(section().hidden, true);
  assert.equal(document.querySelector(".pointed-at"), null);
  begun();
  assert.equal(section().hidden, true);
});

test("it can be skipped, and takes no focus but the one it had", () => {
  begun();
  assert.equal(document.activeElement, document.body);
  byRole("tour-skip").focus();
  byRole("tour-skip").click();
  assert.equal(section().hidden, true);
  assert.equal(document.activeElement, document.getElementById("main"));
  assert.equal(store.get("tour-localize"), "seen");
});

test("a case without a tour, as in a test, has none", () => {
  section().remove();
  begun().end();
  assert.equal(store.size, 0);
});
