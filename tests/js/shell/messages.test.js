import assert from "node:assert/strict";
import { before, beforeEach, test } from "node:test";

import { openPage } from "../page.js";

let sentence;

before(async () => {
  openPage();
  ({ connectionSentence: sentence } = await import("../../../static/src/shell/messages.js"));
});

beforeEach(() => {
  document.body.innerHTML = '<p id="status-line"></p>';
});

function tell(name, detail) {
  document.body.dispatchEvent(new window.CustomEvent(name, { bubbles: true, detail }));
}

const said = () => document.getElementById("status-line").textContent;

test("no answer at all means no connection", () => {
  assert.match(sentence({ xhr: { status: 0 } }), /^No connection/);
  assert.match(sentence({}), /^No connection/);
  assert.match(sentence(undefined), /^No connection/);
});

test("an ended session, a thing that is gone and a server's error have each their sentence", () => {
  assert.match(sentence({ xhr: { status: 403 } }), /reload the page/);
  assert.match(sentence({ xhr: { status: 404 } }), /not there/);
  assert.match(sentence({ xhr: { status: 500 } }), /status 500/);
});

test("what htmx could not send is said in the status line", () => {
  tell("htmx:sendError", { xhr: { status: 0 } });
  assert.match(said(), /^No connection/);
});

test("what the server refused is said in the status line", () => {
  tell("htmx:responseError", { xhr: { status: 404 } });
  assert.match(said(), /not there/);
});

test("a failed request's end leaves the sentence, the next good one clears it", () => {
  tell("htmx:responseError", { xhr: { status: 500 } });
  tell("htmx:afterRequest", { successful: false });
  assert.match(said(), /status 500/);
  tell("htmx:afterRequest", { successful: true });
  assert.equal(said(), "");
});

test("a page without a status line is left alone", () => {
  document.body.innerHTML = "";
  tell("htmx:sendError", { xhr: { status: 0 } });
  assert.equal(document.body.innerHTML, "");
});
