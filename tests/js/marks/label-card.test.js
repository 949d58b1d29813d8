import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { LabelCard } from "../../../static/src/marks/label-card.js";
import { openPage, press, turn } from "../page.js";

const LABELS = [
  { slug: "bulla", description: "A bulla is a space." },
  { slug: "edema", description: "Edema is fluid." },
  { slug: "tube", description: "" },
];
const DELAY = 100;
let asked;
let card;
let listening;
let answer;

beforeEach(() => {
  openPage(`<aside id="panel"><div data-atlas="/atlas/LABEL/">
      <button data-slug="bulla">Bulla</button>
      <label data-slug="edema"><input type="checkbox">Edema</label>
      <button data-slug="tube">Tube</button></div>
    <div id="label-card" data-role="card" role="tooltip" hidden></div></aside>`);
  asked = [];
  answer = (url) => `<p>${url}</p>`;
  listening = new AbortController();
  mock.timers.enable({ apis: ["setTimeout"] });
  open();
});

afterEach(() => {
  mock.timers.reset();
  card.hide();
  listening.abort();
});

function open(labels = LABELS) {
  const fetchEntry = async (url) => (asked.push(url), answer(url));
  card = new LabelCard(document.getElementById("panel"), labels, { signal: listening.signal, fetchEntry, delay: DELAY });
}

const label = (slug) => document.querySelector(`[data-slug=${slug}]`);
const by = (pointerType) => ({ bubbles: true, pointerType });
const over = (element, pointerType = "mouse") => element.dispatchEvent(new window.PointerEvent("pointerover", by(pointerType)));
const out = (element) => element.dispatchEvent(new window.PointerEvent("pointerout", by("mouse")));

async function settle() {
  mock.timers.tick(DELAY);
  await turn();
}

test("a label under the pointer is described, and says that it is", async () => {
  over(label("bulla"));
  await settle();
  assert.equal(card.card.hidden, false);
  assert.equal(card.card.innerHTML, "<p>/atlas/bulla/</p>");
  assert.equal(label("bulla").getAttribute("aria-describedby"), "label-card");
});

test("a ticked label's box carries the description", async () => {
  over(label("edema"));
  await settle();
  assert.equal(label("edema").querySelector("input").getAttribute("aria-describedby"), "label-card");
});

test("each entry is fetched once", async () => {
  for (let time = 0; time < 2; time += 1) {
    over(label("bulla"));
    await settle();
  }
  assert.deepEqual(asked, ["/atlas/bulla/"]);
});

test("a label that came without a description is not described", async () => {
  over(label("tube"));
  await settle();
  assert.deepEqual(asked, []);
  assert.equal(card.card.hidden, true);
});

test("where no label is described nothing is listened to", async () => {
  listening.abort();
  listening = new AbortController();
  open(LABELS.map((known) => ({ ...known, description: "" })));
  over(label("bulla"));
  await settle();
  assert.deepEqual(asked, []);
});

test("leaving the label hides the card, going onto the card keeps it", async () => {
  over(label("bulla"));
  await settle();
  out(label("bulla"));
  over(card.card);
  await settle();
  assert.equal(card.card.hidden, false);
  out(card.card);
  await settle();
  assert.equal(card.card.hidden, true);
  assert.equal(label("bulla").hasAttribute("aria-describedby"), false);
});

test("Esc hides it", async () => {
  over(label("bulla"));
  await settle();
  press(document.body, "Escape");
  assert.equal(card.card.hidden, true);
});

test("passing over a label is no question", async () => {
  over(label("bulla"));
  mock.timers.tick(DELAY - 1);
  out(label("bulla"));
  await settle();
  assert.deepEqual(asked, []);
});

test("an entry that could not be had is asked for again", async () => {
  answer = () => null;
  over(label("bulla"));
  await settle();
  assert.equal(card.card.hidden, true);
  over(label("bulla"));
  await settle();
  assert.equal(asked.length, 2);
});

test("a finger that ticks a label asks for no description", async () => {
  over(label("edema"), "touch");
  await settle();
  assert.equal(card.card.hidden, true);
});
