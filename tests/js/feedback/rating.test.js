import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Window } from "happy-dom";
import { turn } from "../page.js";

const page = new Window({ url: "http://localhost/" });
Object.assign(globalThis, { document: page.document, location: page.location });
const { offerRating } = await import("../../../static/src/feedback/rating.js");

let posts, status, place;

beforeEach(() => {
  posts = [];
  status = 200;
  document.body.innerHTML = `<div data-explain="a"><div data-role="rating" hidden>
    <button data-rating="helpful"></button><button data-rating="wrong"></button><span role="status"></span></div></div>`;
  place = document.querySelector("[data-explain]");
  globalThis.fetch = async (url, { body }) => {
    posts.push([url, JSON.parse(body)]);
    return { status, headers: { get: () => "application/json" }, json: async () => ({}) };
  };
});

const offer = (told) => offerRating(place, told, { url: "/rate", csrf: "x" });
const group = () => place.querySelector("[data-role=rating]");
const said = () => place.querySelector("[role=status]").textContent;
const pressed = () =>
  [...place.querySelectorAll("button")].filter((b) => b.getAttribute("aria-pressed") === "true").map((b) => b.dataset.rating);
const click = async (value) => {
  place.querySelector(`[data-rating=${value}]`).click();
  await turn();
};

test("it works: shown, pressed, sent, changed", async () => {
  offer({ explanation: 7, rating: "helpful" });
  assert.equal(group().hidden, false);
  assert.deepEqual(pressed(), ["helpful"]);
  await click("wrong");
  assert.deepEqual(posts, [["/rate", { row: "a", explanation: 7, rating: "wrong" }]]);
  assert.deepEqual(pressed(), ["wrong"]);
  assert.match(said(), /curators/);
});

test("pressing the pressed one takes it back", async () => {
  offer({ explanation: 7 });
  await click("helpful");
  await click("helpful");
  assert.deepEqual(pressed(), []);
  assert.equal(posts[1][1].rating, "");
});

test("what was not kept is not shown as kept", async () => {
  offer({ explanation: 7, rating: "helpful" });
  status = 500;
  await click("wrong");
  assert.deepEqual(pressed(), ["helpful"]);
  assert.match(said(), /Not kept/);
});

test("the atlas is not rated", () => {
  offer({});
  assert.equal(group().hidden, true);
});
