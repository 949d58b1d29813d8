import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Hints } from "../../../static/src/attempt/hints.js";
import { openPage, turn } from "../page.js";

const PLACE = { image: "a", frame: 0, box: [0.1, 0.2, 0.3, 0.4] };

beforeEach(() => {
  openPage(`<aside><section data-role="aids">
    <ol data-role="hints"></ol>
    <button data-hint=""></button><button data-hint="pleura"></button>
    <p data-role="hint-problem"></p></section></aside>`);
});

function json(body, status = 200) {
  return new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });
}

function hints(t, reply, aids = []) {
  const order = [];
  const fetched = t.mock.method(globalThis, "fetch", async () => {
    order.push("asked");
    if (reply instanceof Error) throw reply;
    return reply.clone();
  });
  const made = new Hints(document.querySelector("aside"), {
    url: "/hint",
    csrf: "token",
    aids,
    saved: async () => order.push("saved"),
    drawn: (place) => order.push(place),
  });
  return { made, order, fetched };
}

test("only a button without a region is a ladder", (t) => {
  assert.equal(hints(t, json({})).made.isLadder, true);
  document.querySelector('[data-hint=""]').remove();
  assert.equal(hints(t, json({})).made.isLadder, false);
});

const listed = () => [...document.querySelectorAll("li")].map(({ textContent }) => textContent);

test("a hint is asked for once the draft is saved, and listed with its cost", async (t) => {
  const { order } = hints(t, json({ hint: { text: "One finding is in the heart.", cost: 0.1, place: null } }));
  document.querySelector("[data-hint]").click();
  await turn();
  await turn();
  assert.deepEqual(order, ["saved", "asked"]);
  assert.deepEqual(listed(), ["One finding is in the heart. costs 10 %"]);
});

test("an outline goes to the stage and stays there", async (t) => {
  const { made, order } = hints(t, json({ hint: { text: "It is outlined.", cost: 0.4, place: PLACE } }));
  await made.ask("");
  assert.deepEqual(order.at(-1), PLACE);
  assert.deepEqual(made.boxes(), [{ ...PLACE, id: "hint-0", kind: "hint", text: "hint" }]);
});

test("outlines given before a reload are shown again", (t) => {
  const { made } = hints(t, json({}), [{ kind: "hint", place: null }, { kind: "hint", place: PLACE }]);
  assert.equal(made.boxes().length, 1);
});

test("a region's button asks about that region", async (t) => {
  const { fetched } = hints(t, json({ hint: { text: "Pleura: one.", cost: 0, place: null } }));
  document.querySelector("[data-hint=pleura]").click();
  await turn();
  await turn();
  assert.equal(fetched.mock.calls[0].arguments[1].body, '{"region":"pleura"}');
  assert.deepEqual(listed(), ["Pleura: one."]);
});

test("a refusal and a lost connection are told in words", async (t) => {
  const { made } = hints(t, json({ error: "Every hint there is has been given." }, 422));
  await made.ask("");
  const line = document.querySelector("[data-role=hint-problem]");
  assert.equal(line.textContent, "Every hint there is has been given.");
  globalThis.fetch = async () => {
    throw new TypeError("Failed to fetch");
  };
  await made.ask("pleura");
  assert.match(line.textContent, /No connection/);
});

const cost = () => document.querySelector("[data-role=hint-cost]").textContent;
const LAST = {
  "nothing remains": json({ hint: { step: "nothing", text: "Nothing remains.", cost: 0, place: null } }),
  "it is the last": json({ hint: { step: "outline", text: "It is outlined.", cost: 0.4, place: null, last: true } }),
  "there is none": json({ error: "Every hint there is has been given." }, 422),
};

for (const [what, reply] of Object.entries(LAST)) {
  test(`once ${what}, it is said once, costs are claimed no more, and a changed answer may ask again`, async (t) => {
    document.querySelector("[data-hint]").innerHTML = '<span data-role="hint-cost">costs 10, 20, 40 %</span>';
    const { made, fetched } = hints(t, reply);
    let answer = "one mark";
    made.answer = () => answer;
    await made.ask("");
    const said = [listed(), document.querySelector("[data-role=hint-problem]").textContent];
    await made.ask("");
    assert.equal(fetched.mock.callCount(), 1);
    assert.deepEqual([listed(), document.querySelector("[data-role=hint-problem]").textContent], said);
    assert.equal(cost(), "none left");
    answer = "no mark";
    made.refresh();
    assert.equal(cost(), "costs 10, 20, 40 %");
    await made.ask("");
    assert.equal(fetched.mock.callCount(), 2);
  });
}

test("asking twice at once asks once", async (t) => {
  const { made, fetched } = hints(t, json({ hint: { text: "x", cost: 0, place: null } }));
  await Promise.all([made.ask(""), made.ask("")]);
  assert.equal(fetched.mock.callCount(), 1);
});

test("a page without hints has nothing to bind", (t) => {
  openPage("<aside></aside>");
  assert.deepEqual(hints(t, json({})).made.boxes(), []);
});
