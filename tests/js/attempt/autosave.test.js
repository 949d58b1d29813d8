import assert from "node:assert/strict";
import { test } from "node:test";

import { Autosave, STATES } from "../../../static/src/attempt/autosave.js";
import { turn } from "../page.js";

// A page whose answer is `desk.now`, and a server that answers when the test says so.
function opened(t, { version = 3, ...options } = {}) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const desk = { now: { marks: ["first"] }, sent: [], open: 0, most: 0, states: [] };
  const send = (sentVersion, answer) => {
    desk.open += 1;
    desk.most = Math.max(desk.most, desk.open);
    const exchange = { version: sentVersion, answer };
    desk.sent.push(exchange);
    return new Promise((resolve, reject) => Object.assign(exchange, { resolve, reject })).finally(() => {
      desk.open -= 1;
    });
  };
  desk.autosave = new Autosave({ version, send, answer: () => desk.now, ...options });
  desk.autosave.addEventListener("state", () => desk.states.push(desk.autosave.state));
  desk.change = (now) => {
    desk.now = now;
    desk.autosave.touch();
  };
  // The server's answer to the latest request; resolves when everything that follows at once has happened.
  desk.reply = (status, body = null) => {
    desk.sent.at(-1).resolve({ status, body });
    return turn();
  };
  desk.wait = async (milliseconds) => {
    t.mock.timers.tick(milliseconds);
    await turn();
  };
  return desk;
}

test("nothing is sent until something changes", async (t) => {
  const desk = opened(t);
  await desk.wait(60_000);
  await desk.autosave.flush();
  assert.deepEqual(desk.sent, []);
  assert.equal(desk.autosave.state, "saved");
});

test("changes in quick succession are one save, of the latest state", async (t) => {
  const desk = opened(t);
  desk.change("one");
  await desk.wait(399);
  desk.change("two");
  await desk.wait(399);
  assert.equal(desk.sent.length, 0);
  await desk.wait(1);
  assert.deepEqual(desk.sent.map(({ version, answer }) => [version, answer]), [[3, "two"]]);
  await desk.reply(200, { version: 4 });
  await desk.wait(60_000);
  assert.equal(desk.sent.length, 1);
  assert.deepEqual(desk.states, ["saving", "saved"]);
  assert.equal(desk.autosave.version, 4);
});

test("only one save is under way at a time, and what changed meanwhile follows at once", async (t) => {
  const desk = opened(t);
  desk.change("one");
  await desk.wait(400);
  desk.change("two");
  await desk.wait(400);
  desk.change("three");
  await desk.wait(400);
  assert.deepEqual(desk.sent.map(({ answer }) => answer), ["one"]);
  await desk.reply(200, { version: 4 });
  assert.deepEqual(desk.sent.map(({ version, answer }) => [version, answer]), [[3, "one"], [4, "three"]]);
  await desk.reply(200, { version: 5 });
  await desk.wait(60_000);
  assert.equal(desk.sent.length, 2);
  assert.equal(desk.most, 1);
  assert.equal(desk.autosave.state, "saved");
});

test("it never says saved while a later change waits", async (t) => {
  const desk = opened(t);
  desk.change("one");
  await desk.wait(400);
  desk.change("two");
  await desk.reply(200, { version: 4 });
  assert.ok(!desk.states.includes("saved"));
  await desk.reply(200, { version: 5 });
  assert.equal(desk.states.at(-1), "saved");
});

test("several flushes at once save once", async (t) => {
  const desk = opened(t);
  desk.change("one");
  const flushes = [desk.autosave.flush(), desk.autosave.flush(), desk.autosave.flush()];
  await desk.reply(200, { version: 4 });
  await Promise.all(flushes);
  assert.equal(desk.sent.length, 1);
});

test("a flush saves without waiting for the delay", async (t) => {
  const desk = opened(t);
  desk.change("one");
  const flushed = desk.autosave.flush();
  assert.equal(desk.sent.length, 1);
  await desk.reply(200, { version: 4 });
  await flushed;
  await desk.wait(60_000);
  assert.equal(desk.sent.length, 1);
});

test("offline it says so and tries again until the server answers", async (t) => {
  const desk = opened(t, { retry: 3000 });
  desk.change("one");
  await desk.wait(400);
  desk.sent.at(-1).reject(new TypeError("Failed to fetch"));
  await turn();
  assert.equal(desk.autosave.state, "offline");
  await desk.wait(2999);
  assert.equal(desk.sent.length, 1);
  await desk.wait(1);
  assert.equal(desk.sent.length, 2);
  desk.sent.at(-1).reject(new TypeError("Failed to fetch"));
  await turn();
  desk.now = "two";
  await desk.wait(3000);
  assert.deepEqual([desk.sent[2].version, desk.sent[2].answer], [3, "two"]);
  await desk.reply(200, { version: 4 });
  assert.equal(desk.autosave.state, "saved");
  assert.equal(desk.autosave.dirty, false);
});

test("a server that fails is tried again like one that is away", async (t) => {
  const desk = opened(t);
  desk.change("one");
  await desk.wait(400);
  for (const [tries, status] of [500, 502, 599].entries()) {
    assert.equal(desk.sent.length, tries + 1);
    await desk.reply(status);
    assert.equal(desk.autosave.state, "offline");
    assert.equal(desk.autosave.dirty, true);
    await desk.wait(3000);
  }
  assert.equal(desk.sent.length, 4);
});

test("a change while offline is tried without waiting for the retry", async (t) => {
  const desk = opened(t);
  desk.change("one");
  await desk.wait(400);
  await desk.reply(502);
  desk.change("two");
  await desk.wait(400);
  assert.equal(desk.sent.length, 2);
  await desk.reply(200, { version: 4 });
  await desk.wait(60_000);
  assert.equal(desk.sent.length, 2);
});

test("what the server refuses is told with its reason and not sent again by itself", async (t) => {
  const desk = opened(t);
  desk.change("one");
  await desk.wait(400);
  await desk.reply(422, { error: "Mark 1 has no area." });
  assert.equal(desk.autosave.state, "refused");
  assert.equal(desk.autosave.detail, "Mark 1 has no area.");
  await desk.wait(60_000);
  assert.equal(desk.sent.length, 1);
  desk.change("two");
  await desk.wait(400);
  await desk.reply(200, { version: 4 });
  assert.equal(desk.autosave.state, "saved");
});

test("a refusal without a reason names the status", async (t) => {
  const desk = opened(t);
  desk.change("one");
  await desk.wait(400);
  await desk.reply(403);
  assert.equal(desk.autosave.detail, "The server answered 403.");
});

test("a change made while a save is being refused is still sent", async (t) => {
  const desk = opened(t);
  desk.change("one");
  await desk.wait(400);
  desk.change("two");
  await desk.reply(422, { error: "No." });
  await desk.wait(400);
  assert.deepEqual(desk.sent.map(({ answer }) => answer), ["one", "two"]);
});

test("after a refusal the answer still counts as not saved", async (t) => {
  const desk = opened(t);
  desk.change("one");
  await desk.wait(400);
  await desk.reply(422, { error: "No." });
  assert.equal(desk.autosave.dirty, true);
});

test("an answer that is not the server's JSON counts as not saved", async (t) => {
  const desk = opened(t);
  desk.change("one");
  const flushed = desk.autosave.flush().catch(() => "rejected");
  await desk.reply(200, null); // such as a login page that a redirect led to
  assert.notEqual(await flushed, "rejected");
  assert.ok(["offline", "refused"].includes(desk.autosave.state), desk.autosave.state);
});

async function conflicting(t, theirs = { version: 9, draft: { marks: ["theirs"] }, error: "Changed." }) {
  const desk = opened(t);
  desk.change({ marks: ["mine"] });
  await desk.wait(400);
  await desk.reply(409, theirs);
  return desk;
}

test("a conflict is told and nothing more is sent", async (t) => {
  const desk = await conflicting(t);
  assert.equal(desk.autosave.state, "conflict");
  assert.equal(desk.autosave.detail, "Changed.");
  desk.change({ marks: ["more"] });
  await desk.wait(60_000);
  await desk.autosave.flush();
  assert.equal(desk.sent.length, 1);
});

test("keeping mine saves what this window has now over the server's version", async (t) => {
  const desk = await conflicting(t);
  desk.change({ marks: ["mine", "more"] });
  desk.autosave.keepMine();
  await desk.wait(400);
  assert.deepEqual([desk.sent[1].version, desk.sent[1].answer], [9, { marks: ["mine", "more"] }]);
  await desk.reply(200, { version: 10 });
  assert.equal(desk.autosave.state, "saved");
});

test("taking theirs gives the server's draft, and the next change goes on from its version", async (t) => {
  const desk = await conflicting(t);
  assert.deepEqual(desk.autosave.takeTheirs(), { marks: ["theirs"] });
  assert.equal(desk.autosave.state, "saved");
  await desk.wait(60_000);
  assert.equal(desk.sent.length, 1);
  desk.change({ marks: ["theirs", "more"] });
  await desk.wait(400);
  assert.equal(desk.sent[1].version, 9);
});

test("taking theirs drops what this window had not sent", async (t) => {
  const desk = opened(t);
  desk.change("one");
  await desk.wait(400);
  desk.change("two");
  await desk.reply(409, { version: 9, draft: "theirs", error: "Changed." });
  desk.autosave.takeTheirs();
  assert.equal(desk.autosave.dirty, false);
  await desk.wait(60_000);
  assert.equal(desk.sent.length, 1);
});

test("a conflict while a later change waits sends nothing more", async (t) => {
  const desk = opened(t);
  desk.change("one");
  await desk.wait(400);
  desk.change("two");
  await desk.wait(400);
  await desk.reply(409, { version: 9, draft: {}, error: "Changed." });
  await desk.wait(60_000);
  assert.equal(desk.sent.length, 1);
});

test("once stopped nothing is sent, not even what waited", async (t) => {
  const desk = opened(t);
  desk.change("one");
  desk.autosave.stop();
  await desk.wait(60_000);
  desk.change("two");
  await desk.wait(60_000);
  assert.equal(desk.sent.length, 0);
});

test("stopped while offline it does not try again", async (t) => {
  const desk = opened(t);
  desk.change("one");
  await desk.wait(400);
  await desk.reply(500);
  desk.autosave.stop();
  await desk.wait(60_000);
  assert.equal(desk.sent.length, 1);
});

test("a save overtaken by the submission is not told as a conflict", async (t) => {
  const desk = opened(t);
  desk.change("one");
  await desk.wait(400);
  desk.autosave.stop();
  await desk.reply(409, { state: "submitted", version: 3, draft: {}, error: "This attempt was already submitted." });
  assert.ok(!desk.states.includes("conflict"));
});

test("every state has its words", () => {
  assert.deepEqual(Object.keys(STATES).sort(), ["busy", "conflict", "loggedOut", "offline", "refused", "saved", "saving"]);
  for (const words of Object.values(STATES)) assert.ok(words.length > 4);
});

test("a submission that another window's save stands against asks like a save does", async (t) => {
  const desk = opened(t);
  await desk.autosave.stop();
  desk.autosave.collide({ state: "draft", version: 7, draft: { marks: ["theirs"] }, error: "Changed." });
  assert.equal(desk.autosave.state, "conflict");
  assert.equal(desk.autosave.unsaved, true);
  desk.autosave.resume();
  await desk.wait(60_000);
  assert.equal(desk.sent.length, 0, "nothing is saved before it is decided");
  assert.deepEqual(desk.autosave.takeTheirs(), { marks: ["theirs"] });
  assert.equal(desk.autosave.version, 7);
});

test("after the session has ended it says so, and saves once there is one again", async (t) => {
  const desk = opened(t);
  desk.change({ marks: ["mine"] });
  await desk.wait(400);
  await desk.reply(401);
  assert.equal(desk.autosave.state, "loggedOut");
  await desk.wait(3000);
  assert.deepEqual(desk.sent.at(-1).answer, { marks: ["mine"] });
  await desk.reply(200, { version: 4 });
  assert.equal(desk.autosave.state, "saved");
});

test("what is not saved when the page goes is sent at once, and once", async (t) => {
  const desk = opened(t);
  desk.autosave.hurry();
  assert.equal(desk.sent.length, 0);
  desk.change("one");
  desk.autosave.hurry();
  await turn();
  assert.deepEqual(desk.sent.map(({ answer }) => answer), ["one"]);
  desk.autosave.hurry();
  await desk.wait(400);
  assert.equal(desk.sent.length, 1);
});

test("when the page goes during a save, what came after it is sent beside it", async (t) => {
  const desk = opened(t);
  desk.change("one");
  await desk.wait(400);
  desk.change("two");
  desk.autosave.hurry();
  assert.deepEqual(desk.sent.map(({ answer }) => answer), ["one", "two"]);
  desk.sent[0].resolve({ status: 200, body: { version: 4 } });
  await turn();
  assert.deepEqual(desk.sent.at(-1), { ...desk.sent.at(-1), version: 4, answer: "two" }); // the page stayed: it is saved as ever
});

test("a page that goes with a conflict, or while it submits, sends no draft", async (t) => {
  const desk = opened(t);
  desk.change("one");
  await desk.autosave.stop();
  desk.autosave.hurry();
  assert.deepEqual(desk.sent, []);
});

for (const status of [429, 503]) {
  test(`a save that meets a busy server (${status}) is kept and sent again`, async (t) => {
    const desk = opened(t);
    desk.change("mine");
    await desk.wait(400);
    await desk.reply(status, { error: "busy" });
    assert.equal(desk.autosave.state, "busy");
    assert.ok(desk.autosave.unsaved);
    await desk.wait(3000);
    await desk.reply(200, { version: 4 });
    assert.equal(desk.autosave.state, "saved");
  });
}
