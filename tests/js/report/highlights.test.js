import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { openPage } from "../page.js";
import { Highlights } from "../../../static/src/report/highlights.js";

const BODY = `<div id="panel">
  <p><mark data-notes="n0" tabindex="0">effusion</mark> and <mark data-notes="n0 n1" tabindex="0">heart</mark></p>
  <article data-note="n0" tabindex="0"></article>
  <article data-note="n1" tabindex="0"><details><summary>Contest</summary></details></article>
</div>`;

let panel;
let highlights;
let shown;

beforeEach(() => {
  const window = openPage(BODY);
  panel = window.document.getElementById("panel");
  shown = [];
  highlights = new Highlights(panel, { go: (id) => shown.push(id) });
});

const lit = () => [...panel.querySelectorAll(".lit")].map((place) => place.dataset.note ?? place.textContent);

test("a word under the cursor lights the notes that speak of it", () => {
  panel.querySelectorAll("mark")[1].dispatchEvent(new window.Event("pointerenter"));
  assert.deepEqual(lit(), ["effusion", "heart", "n0", "n1"]);
  panel.querySelectorAll("mark")[1].dispatchEvent(new window.Event("pointerleave"));
  assert.deepEqual(lit(), []);
});

test("a note lights its words and asks for its place on the image", () => {
  panel.querySelector("[data-note=n1]").click();
  assert.deepEqual(lit(), ["heart", "n1"]);
  assert.deepEqual(shown, ["n1"]);
});

test("contesting a note does not move the image", () => {
  panel.querySelector("summary").click();
  assert.deepEqual(shown, []);
});

test("a click on a word shows its first note", () => {
  panel.querySelectorAll("mark")[1].click();
  assert.deepEqual(shown, ["n0"]);
});

test("stepping goes around, from either end", () => {
  highlights.step(1);
  highlights.step(1);
  highlights.step(1);
  assert.deepEqual(shown, ["n0", "n1", "n0"]);
  highlights.current = -1;
  highlights.step(-1);
  assert.equal(shown.at(-1), "n1");
});

test("after leaving a word the note being read stays lit", () => {
  highlights.show(1);
  panel.querySelectorAll("mark")[0].dispatchEvent(new window.Event("pointerenter"));
  panel.querySelectorAll("mark")[0].dispatchEvent(new window.Event("pointerleave"));
  assert.deepEqual(lit(), ["heart", "n1"]);
});

test("feedback without a single note can be stepped through without harm", () => {
  const empty = document.createElement("div");
  new Highlights(empty, { go: () => shown.push("x") }).step(1);
  assert.deepEqual(shown, []);
});
