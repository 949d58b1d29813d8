// Going on to the next case without loading the page anew.
import assert from "node:assert/strict";
import test, { afterEach, beforeEach } from "node:test";

import { play } from "../../../static/src/attempt/onward.js";
import { openPage, turn } from "../page.js";

const HEAD = `<script src="/static/localize.js"></script><link rel="stylesheet" href="/static/site.css">`;

const pageOf = (number, { head = HEAD, data = `{"urls": {"self": "/attempts/${number}/"}}` } = {}) => `<!doctype html>
  <html><head><title>Case ${number}</title>${head}</head>
  <body class="case-page"><h1 tabindex="-1">Case ${number}</h1><p id="status-line"></p><div id="stage" data-worker="/w.js"></div>
  ${data ? `<script id="case-data" type="application/json">${data}</script>` : ""}
  <a id="next" data-onward href="/next/?after=${number}">Next</a></body></html>`;

let shown;
let closed;
let assigned;
let reloaded;

class Page {
  constructor(data, given) {
    Object.assign(this, { data, given, stage: { forTests: () => ({}) } });
    shown.push(this);
  }

  start() {}

  close() {
    closed.push(this);
  }
}

function answer(text, { ok = true, url = "http://radgame.test/cases/2/" } = {}) {
  return { ok, url, text: async () => text };
}

function click(options = {}) {
  const event = new window.MouseEvent("click", { bubbles: true, cancelable: true, ...options });
  document.getElementById("next").dispatchEvent(event);
  return event;
}

beforeEach(() => {
  [shown, closed, assigned, reloaded] = [[], [], [], 0];
  const window = openPage("", "http://radgame.test/cases/1/");
  window.document.write(pageOf(1));
  globalThis.DOMParser = window.DOMParser;
  globalThis.history = window.history;
  globalThis.location = {
    get pathname() {
      return window.location.pathname;
    },
    assign: (url) => assigned.push(url),
    reload: () => (reloaded += 1),
  };
  play(Page);
});

afterEach(() => {
  for (const name of ["DOMParser", "history", "location", "radgame"]) delete globalThis[name];
});

test("it works: a link to the next case puts it in this one's place", async (t) => {
  t.mock.method(globalThis, "fetch", async () => answer(pageOf(2)));
  assert.equal(click().defaultPrevented, true);
  await turn();
  assert.deepEqual(closed, [shown[0]]);
  assert.equal(shown.length, 2);
  assert.equal(document.title, "Case 2");
  assert.equal(document.querySelector("h1").textContent, "Case 2");
  assert.equal(window.location.pathname, "/cases/2/");
  assert.equal(document.activeElement, document.querySelector("h1"));
  assert.deepEqual(assigned, []);
});

test("the decoder is handed on", async (t) => {
  t.mock.method(globalThis, "fetch", async () => answer(pageOf(2)));
  click();
  await turn();
  assert.equal(shown[1].given.renditions, shown[0].given.renditions);
});

test("the time is counted from the click; on a loaded page from its beginning", async (t) => {
  t.mock.method(globalThis, "fetch", async () => answer(pageOf(2)));
  const before = performance.now();
  click();
  await turn();
  assert.equal(shown[0].given.asked, 0);
  assert.ok(shown[1].given.asked >= before && shown[1].given.asked <= performance.now());
});

test("the server is told that only a case page is wanted", async (t) => {
  const fetched = t.mock.method(globalThis, "fetch", async () => answer(pageOf(2)));
  click();
  await turn();
  assert.equal(fetched.mock.calls[0].arguments[1].headers["X-Case-Page"], "1");
});

for (const [what, reply] of [
  ["a page that is no case page", answer(pageOf(2, { data: null }))],
  ["a page of another game, or of a newer release", answer(pageOf(2, { head: `<script src="/static/report.js"></script>` }))],
  ["a page that the server refuses", answer("", { ok: false })],
]) {
  test(`${what} is left to the browser`, async (t) => {
    t.mock.method(globalThis, "fetch", async () => reply);
    click();
    await turn();
    assert.deepEqual(assigned, ["http://radgame.test/next/?after=1"]);
    assert.deepEqual(closed, []);
  });
}

test("without a connection the page stays, and says so", async (t) => {
  t.mock.method(globalThis, "fetch", () => Promise.reject(new TypeError("offline")));
  click();
  await turn();
  assert.match(document.getElementById("status-line").textContent, /No connection/);
  assert.deepEqual([closed, assigned], [[], []]);
});

test("a second click while one is under way asks for nothing more", async (t) => {
  const fetched = t.mock.method(globalThis, "fetch", async () => answer(pageOf(2)));
  click();
  click();
  await turn();
  assert.equal(fetched.mock.callCount(), 1);
  assert.equal(shown.length, 2);
});

for (const key of ["ctrlKey", "metaKey", "shiftKey", "altKey"]) {
  test(`a click with ${key} is the browser's`, () => {
    assert.equal(click({ [key]: true }).defaultPrevented, false);
  });
}

test("back to a case that was left loads it again; a jump within the page does not", async (t) => {
  t.mock.method(globalThis, "fetch", async () => answer(pageOf(2)));
  click();
  await turn();
  window.dispatchEvent(new window.Event("popstate"));
  assert.equal(reloaded, 0);
  window.history.replaceState(null, "", "/cases/1/");
  window.dispatchEvent(new window.Event("popstate"));
  assert.equal(reloaded, 1);
  window.history.replaceState(null, "", "/attempts/2/");
  window.dispatchEvent(new window.Event("popstate"));
  assert.equal(reloaded, 1, "the address of this attempt is this page's too");
});
