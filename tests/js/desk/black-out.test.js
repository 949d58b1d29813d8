import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { BlackOut } from "../../../static/src/desk/black-out.js";
import { Truth } from "../../../static/src/desk/truth.js";
import { openPage } from "../page.js";

const BOXES = [
  { image: "a", frame: 0, box: [0, 0, 0.2, 0.1] },
  { image: "b", frame: 0, box: [0.5, 0, 0.7, 0.1] },
];
let truth, asked, reloads, changed, answers;
const part = (name) => document.querySelector(`[data-role=${name}]`);

function ready(data = {}) {
  openPage(`<div id="panel"><details data-role="names"></details><ul data-role="lettering"></ul><p data-role="lettering-state"></p>
    <button data-role="look"></button><button data-role="black-all" hidden></button><button data-role="black"></button></div><p id="status-line"></p>`);
  truth = new Truth([], () => true);
  [asked, reloads, changed] = [[], 0, false];
  answers = { GET: { status: 200, body: { boxes: BOXES } }, POST: { status: 200, body: { done: 1 } } };
  const ask = async (method, url, body) => (asked.push([method, body]), answers[method]);
  const page = { urls: { lettering: "/l", black_out: "/b" }, csrf: "t", ...data };
  const black = new BlackOut(document.getElementById("panel"), truth, page, {
    go: () => {}, draw: () => {}, focus: () => {}, isChanged: () => changed, reload: () => (reloads += 1), ask,
  });
  black.listen();
  return black;
}

let black;
beforeEach(() => (black = ready()));

test("what is found is listed and shown, and taken out one by one or together", async () => {
  await black.look();
  assert.equal(part("lettering").children.length, 2);
  assert.equal(black.shown().length, 2);
  part("lettering").querySelectorAll("button")[1].click();
  await black.take(BOXES);
  assert.deepEqual(asked[1], ["POST", { image: "a", boxes: [BOXES[0].box] }]);
});

test("boxes of several images are sent image by image, then the page is loaded anew", async () => {
  await black.take(BOXES);
  assert.deepEqual(asked.map(([, body]) => body.image), ["a", "b"]);
  assert.equal(reloads, 1);
});

test("a box that is drawn is taken out, and is no place of a finding", async () => {
  part("black").click();
  assert.equal(part("black").getAttribute("aria-pressed"), "true");
  truth.add({ label: null, ...BOXES[0] });
  await new Promise((resolve) => setTimeout(resolve));
  assert.deepEqual(truth.marks, []);
  assert.deepEqual(asked[0], ["POST", { image: "a", boxes: [BOXES[0].box] }]);
  assert.equal(part("black").getAttribute("aria-pressed"), "false");
});

test("what is not saved is not lost by it", async () => {
  changed = true;
  await black.take(BOXES);
  assert.equal(asked.length, 0);
  assert.match(document.getElementById("status-line").textContent, /Save what you changed first/);
});

test("what the server refuses is said, and nothing is loaded anew", async () => {
  answers.POST = { status: 422, body: { error: "The image's file is missing." } };
  await black.take([BOXES[0]]);
  assert.equal(part("lettering-state").textContent, "The image's file is missing.");
  assert.equal(reloads, 0);
});

test("a case that may hold text is looked at without being asked", async () => {
  black = ready({ may_hold_text: true });
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(asked[0][0], "GET");
  assert.ok(part("names").open);
});
