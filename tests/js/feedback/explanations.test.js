import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Window } from "happy-dom";
import { turn } from "../page.js";

const page = new Window({ url: "http://localhost/" });
Object.assign(globalThis, { document: page.document, location: page.location, CSS: { escape: (name) => name } });
const { Explanations } = await import("../../../static/src/feedback/explanations.js");

const ATLAS = "What the atlas says.";
let sockets, posts, reply, panel;

class Socket {
  constructor() {
    sockets.push(this);
    queueMicrotask(() => this.tell({ state: "scored" }));
  }
  tell(message) {
    this.onmessage({ data: JSON.stringify(message) });
  }
  close() {
    this.closed = true;
    this.onclose();
  }
}

beforeEach(() => {
  sockets = [];
  posts = [];
  reply = { status: 202, body: { row: "a", state: "asked" } };
  document.body.innerHTML = `<div id="panel"><details><div data-explain="a"><p class="explanation">${ATLAS}</p><p data-role="badge">Atlas</p></div></details></div>`;
  panel = document.getElementById("panel");
  globalThis.fetch = async (url, { body }) => {
    posts.push([url, JSON.parse(body)]);
    return { status: reply.status, headers: { get: () => "application/json" }, json: async () => reply.body };
  };
});

const made = (urls = { explain: "/explain", socket: "/ws" }, options = {}) =>
  new Explanations(panel, { urls, csrf: "x" }, { Socket, patience: 500, ...options });
const words = () => panel.querySelector(".explanation").textContent;
const badge = () => panel.querySelector("[data-role=badge]").textContent;
const open = () => {
  panel.querySelector("details").open = true;
  panel.querySelector("details").dispatchEvent(new page.Event("toggle"));
};

test("it works: opened, asked once, written, done", async () => {
  const explanations = made();
  await explanations.ask("a");
  assert.deepEqual(posts, [["/explain", { row: "a" }]]);
  sockets[0].tell({ explanation: { row: "a", state: "writing", text: "This is" } });
  assert.equal(words(), "This is");
  assert.equal(badge(), "Model, being written …");
  sockets[0].tell({ explanation: { row: "a", state: "done", text: "This is it.", badge: "Model, unreviewed" } });
  assert.equal(words(), "This is it.");
  assert.equal(badge(), "Model, unreviewed");
  assert.ok(sockets[0].closed);
});

test("what was shown is taken back when it does not pass", async () => {
  const explanations = made();
  await explanations.ask("a");
  sockets[0].tell({ explanation: { row: "a", state: "writing", text: "This is" } });
  sockets[0].tell({ explanation: { row: "a", state: "none", text: "" } });
  assert.equal(words(), ATLAS);
  assert.equal(badge(), "Atlas");
});

test("a kept text is shown without waiting", async () => {
  reply = { status: 200, body: { row: "a", state: "done", text: "Kept.", badge: "Model, unreviewed" } };
  await made().ask("a");
  assert.equal(words(), "Kept.");
});

test("a refusal leaves the atlas", async () => {
  reply = { status: 429, body: { error: "later" } };
  await made().ask("a");
  assert.equal(words(), ATLAS);
});

test("a socket that closes leaves the atlas", async () => {
  await made().ask("a");
  sockets[0].tell({ explanation: { row: "a", state: "writing", text: "This" } });
  sockets[0].close();
  assert.equal(words(), ATLAS);
});

test("patience ends with the atlas", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  await made(undefined, { patience: 500 }).ask("a");
  sockets[0].tell({ explanation: { row: "a", state: "writing", text: "This" } });
  t.mock.timers.tick(499);
  assert.equal(words(), "This");
  t.mock.timers.tick(1);
  assert.equal(words(), ATLAS);
});

test("opening a finding asks, and without a model nothing is asked", async () => {
  made({ explain: null, socket: "/ws" });
  open();
  await turn();
  assert.deepEqual(posts, []);
  made();
  open();
  await turn();
  assert.equal(posts.length, 1);
});
