import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Listening, exchange, patiently, settled } from "../../../static/src/shell/server.js";
import { openPage, turn } from "../page.js";

const SOCKET = "/ws/attempts/7/";
const STATUS = "/attempts/7/status";

beforeEach(() => {
  openPage("", "http://radgame.test/play/7/?mode=practice#top");
});

function html(text, status) {
  return new Response(text, { status, headers: { "Content-Type": "text/html" } });
}

function json(body, status = 200) {
  return new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json; charset=utf-8" } });
}

// A socket that says only what the test makes it say.
function socketKind() {
  return class {
    static made = [];
    closed = 0;
    constructor(url) {
      this.url = String(url);
      this.constructor.made.push(this);
    }
    close() {
      this.closed += 1;
    }
    say(state) {
      this.onmessage({ data: JSON.stringify({ state }) });
    }
  };
}

// Waits for a score; `answers` are what the status address gives, one a poll, the last for ever.
function waiting(t, { answers = ["submitted"], Socket = socketKind(), pollEvery = 1000, early = false } = {}) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const left = [...answers];
  const fetched = t.mock.method(globalThis, "fetch", async () => {
    const state = left.length > 1 ? left.shift() : left[0];
    if (state instanceof Error) throw state;
    return state instanceof Response ? state : json({ state });
  });
  const desk = { fetched, Socket, result: undefined };
  const listening = new Listening(SOCKET, { early, Socket });
  desk.promise = settled(listening, STATUS, { pollEvery }).then((state) => (desk.result = state));
  desk.poll = async () => {
    t.mock.timers.tick(pollEvery);
    await turn();
  };
  return desk;
}

test("a request carries JSON, the token and the session, and its answer comes back parsed", async (t) => {
  const fetched = t.mock.method(globalThis, "fetch", async () => json({ version: 4 }));
  const reply = await exchange("PUT", "/draft", { version: 3, marks: [] }, "token");
  assert.deepEqual(reply, { status: 200, body: { version: 4 } });
  const [url, options] = fetched.mock.calls[0].arguments;
  assert.equal(url, "/draft");
  assert.equal(options.method, "PUT");
  assert.equal(options.credentials, "same-origin");
  assert.equal(options.body, '{"version":3,"marks":[]}');
  assert.equal(options.headers["X-CSRFToken"], "token");
  assert.equal(options.headers["Content-Type"], "application/json");
});

test("a refusal's reason is read like any answer", async (t) => {
  t.mock.method(globalThis, "fetch", async () => json({ error: "No." }, 422));
  assert.deepEqual(await exchange("PUT", "/draft", {}, "token"), { status: 422, body: { error: "No." } });
});

test("an answer that is not JSON has no body", async (t) => {
  t.mock.method(globalThis, "fetch", async () => html("<h1>Sorry</h1>", 502));
  assert.deepEqual(await exchange("GET", "/status"), { status: 502, body: null });
});

test("an answer without a content type has no body", async (t) => {
  t.mock.method(globalThis, "fetch", async () => new Response(null, { status: 204 }));
  assert.deepEqual(await exchange("GET", "/status"), { status: 204, body: null });
});

test("no connection rejects", async (t) => {
  t.mock.method(globalThis, "fetch", async () => {
    throw new TypeError("Failed to fetch");
  });
  await assert.rejects(exchange("GET", "/status"), TypeError);
});

test("a request without content sends none, and no token that it was not given", async (t) => {
  const fetched = t.mock.method(globalThis, "fetch", async () => json({}));
  await exchange("GET", "/status");
  const [, options] = fetched.mock.calls[0].arguments;
  assert.equal(options.body, undefined);
  assert.equal(new Request("http://radgame.test/", { ...options, method: "GET" }).headers.get("X-CSRFToken"), null);
});

test("the socket tells the score, is closed, and nothing is polled any more", async (t) => {
  const desk = waiting(t);
  const [socket] = desk.Socket.made;
  socket.say("submitted");
  await turn();
  assert.equal(desk.result, undefined);
  socket.say("scored");
  await desk.promise;
  assert.equal(desk.result, "scored");
  assert.equal(socket.closed, 1);
  await desk.poll();
  assert.equal(desk.fetched.mock.callCount(), 0);
});

test("the socket is opened beside the page, by its own protocol", async (t) => {
  const desk = waiting(t);
  desk.Socket.made[0].say("scored");
  await desk.promise;
  assert.equal(desk.Socket.made[0].url, "ws://radgame.test/ws/attempts/7/");
});

test("a page over https opens a socket over wss", async (t) => {
  openPage("", "https://radgame.test/play/7/");
  const desk = waiting(t);
  desk.Socket.made[0].say("failed");
  await desk.promise;
  assert.equal(desk.result, "failed");
  assert.equal(desk.Socket.made[0].url, "wss://radgame.test/ws/attempts/7/");
});

test("a draft opened again for a second look is an answer too", async (t) => {
  const desk = waiting(t);
  desk.Socket.made[0].say("draft");
  await desk.promise;
  assert.equal(desk.result, "draft");
});

test("a socket opened before the answer was sent tells first how it stood before, which is no answer", async (t) => {
  const desk = waiting(t, { early: true });
  const [socket] = desk.Socket.made;
  socket.say("draft");
  await turn();
  assert.equal(desk.result, undefined);
  socket.say("draft");
  await desk.promise;
  assert.equal(desk.result, "draft");
});

test("what the socket told before anybody waited is not lost", async () => {
  const Socket = socketKind();
  const listening = new Listening(SOCKET, { early: true, Socket });
  Socket.made[0].say("scored");
  assert.equal(await settled(listening, STATUS), "scored");
  assert.equal(Socket.made[0].closed, 1);
});

test("without an open socket the first polls come soon, and then less often", async (t) => {
  const desk = waiting(t);
  for (const [ms, polls] of [[250, 1], [499, 1], [1, 2], [999, 2], [1, 3], [999, 3], [1, 4]]) {
    t.mock.timers.tick(ms);
    await turn();
    assert.equal(desk.fetched.mock.callCount(), polls);
  }
});

test("a silent socket is made up for by polling, and closed at the end", async (t) => {
  const desk = waiting(t, { answers: ["submitted", "submitted", "scored"] });
  await desk.poll();
  await desk.poll();
  assert.equal(desk.result, undefined);
  await desk.poll();
  assert.equal(desk.result, "scored");
  assert.deepEqual(desk.fetched.mock.calls.map((call) => call.arguments[0]), [STATUS, STATUS, STATUS]);
  assert.equal(desk.Socket.made[0].closed, 1);
  await desk.poll();
  assert.equal(desk.fetched.mock.callCount(), 3);
});

test("when no socket can be made polling finds the score", async (t) => {
  class Refused {
    constructor() {
      throw new Error("SecurityError");
    }
  }
  const desk = waiting(t, { answers: ["failed"], Socket: Refused });
  await desk.poll();
  assert.equal(desk.result, "failed");
});

test("polling goes on after lost connections and answers that say nothing", async (t) => {
  const busy = html("<h1>Busy</h1>", 503);
  const desk = waiting(t, { answers: [new TypeError("Failed to fetch"), busy, "scored"] });
  await desk.poll();
  await desk.poll();
  assert.equal(desk.result, undefined);
  await desk.poll();
  assert.equal(desk.result, "scored");
});

test("a score told by both is one score", async (t) => {
  const desk = waiting(t, { answers: ["scored"] });
  const [socket] = desk.Socket.made;
  t.mock.timers.tick(1000); // the poll is under way …
  socket.say("failed"); // … when the socket speaks
  await desk.promise;
  await turn();
  assert.equal(desk.result, "failed");
  assert.equal(socket.closed, 1);
  await desk.poll();
  assert.equal(desk.fetched.mock.callCount(), 1);
});

test("the next poll waits for the one before", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const answers = [];
  const fetched = t.mock.method(globalThis, "fetch", () => new Promise((resolve) => answers.push(resolve)));
  const promise = settled(new Listening(SOCKET, { Socket: socketKind() }), STATUS);
  t.mock.timers.tick(10_000);
  await turn();
  assert.equal(fetched.mock.callCount(), 1);
  answers[0](json({ state: "scored" }));
  assert.equal(await promise, "scored");
});

test("a request that was led to the log-in page says that the session has ended", async (t) => {
  t.mock.method(globalThis, "fetch", async () => Object.defineProperty(html("<h1>Log in</h1>", 200), "redirected", { value: true }));
  assert.deepEqual(await exchange("PUT", "/draft", {}, "old"), { status: 401, body: null });
});

test("after logging in again the CSRF token is the cookie's", async (t) => {
  const fetched = t.mock.method(globalThis, "fetch", async () => json({}));
  await exchange("PUT", "/draft", {}, "page");
  document.cookie = "csrftoken=newer";
  await exchange("PUT", "/draft", {}, "page");
  assert.deepEqual(fetched.mock.calls.map((call) => call.arguments[1].headers["X-CSRFToken"]), ["page", "newer"]);
});

test("a refusal for want of a CSRF token says the same, one by the game does not", async (t) => {
  t.mock.method(globalThis, "fetch", async () => html("<h1>Forbidden</h1>", 403));
  assert.equal((await exchange("PUT", "/draft", {}, "old")).status, 401);
  t.mock.method(globalThis, "fetch", async () => json({ error: "No." }, 403));
  assert.equal((await exchange("PUT", "/draft", {}, "old")).status, 403);
});

function away(status = 503, after = "3") {
  return new Response("{}", { status, headers: { "Content-Type": "application/json", "Retry-After": after } });
}

for (const status of [503, 429]) {
  test(`who is told to come again with ${status} does so, not before the time said`, async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    t.mock.method(Math, "random", () => 0.5);
    const answers = [away(status), away(status), json({ version: 4 })];
    const fetched = t.mock.method(globalThis, "fetch", async () => answers.shift());
    const reply = exchange("PUT", "/draft", { version: 3 });
    await turn();
    t.mock.timers.tick(4400);
    await turn();
    assert.equal(fetched.mock.callCount(), 1);
    t.mock.timers.tick(200);
    await turn();
    assert.equal(fetched.mock.callCount(), 2);
    t.mock.timers.tick(4600);
    await turn();
    assert.deepEqual(await reply, { status: 200, body: { version: 4 } });
  });
}

test("who is told to come again for ever gives up after five times", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const fetched = t.mock.method(globalThis, "fetch", async () => away(503, "600"));
  const reply = patiently("/draft");
  for (let times = 0; times < 8; times += 1) {
    await turn();
    t.mock.timers.tick(20_000);
  }
  assert.equal((await reply).status, 503);
  assert.equal(fetched.mock.callCount(), 6);
});

test("an error that does not say when to come again is told at once", async (t) => {
  const fetched = t.mock.method(globalThis, "fetch", async () => html("", 503));
  assert.equal((await patiently("/draft")).status, 503);
  assert.equal(fetched.mock.callCount(), 1);
});
