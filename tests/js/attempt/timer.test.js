import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Timer, asClock, inWords } from "../../../static/src/attempt/timer.js";
import { openPage, turn } from "../page.js";

beforeEach(() => openPage('<span class="timer"><span data-role="time"></span></span>'));

// A timer with so many seconds left, and a clock that the test sets.
function timer(t, left, ended = async () => true) {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const desk = { time: 0, told: [], ends: 0 };
  const element = document.querySelector(".timer");
  desk.timer = new Timer(element, left, {
    tell: (sentence) => desk.told.push(sentence),
    ended: () => ((desk.ends += 1), ended()),
    now: () => desk.time * 1000,
  });
  desk.pass = async (seconds) => {
    desk.time += seconds;
    t.mock.timers.tick(250);
    await turn();
  };
  desk.shown = () => element.textContent;
  desk.element = element;
  return desk;
}

test("the time left is shown in minutes and seconds, rounded up", async (t) => {
  const desk = timer(t, 90);
  assert.equal(desk.shown(), "1:30");
  await desk.pass(30.4);
  assert.equal(desk.shown(), "1:00");
  assert.equal(asClock(0.2), "0:01");
  assert.equal(asClock(-3), "0:00");
  assert.equal(asClock(3725), "62:05");
});

test("it is told at a few moments only, once each", async (t) => {
  const desk = timer(t, 90);
  await desk.pass(20);
  assert.deepEqual(desk.told, []);
  await desk.pass(11);
  await desk.pass(1);
  assert.deepEqual(desk.told, ["1 minute left."]);
  await desk.pass(30);
  await desk.pass(20);
  assert.deepEqual(desk.told, ["1 minute left.", "30 seconds left.", "10 seconds left."]);
});

test("a page that slept through moments tells the last one", async (t) => {
  const desk = timer(t, 600);
  await desk.pass(575);
  assert.deepEqual(desk.told, ["30 seconds left."]);
  assert.equal(inWords(300), "5 minutes left.");
});

test("the last seconds look different", async (t) => {
  const desk = timer(t, 12);
  assert.equal(desk.element.classList.contains("short"), false);
  await desk.pass(3);
  assert.equal(desk.element.classList.contains("short"), true);
});

test("at zero it is over, once", async (t) => {
  const desk = timer(t, 5);
  await desk.pass(6);
  await desk.pass(6);
  assert.equal(desk.ends, 1);
  assert.equal(desk.told.at(-1), "Time is up.");
  assert.equal(desk.shown(), "0:00");
});

test("while the end cannot be sent it is tried again", async (t) => {
  const answers = [false, false, true];
  const desk = timer(t, 1, async () => answers.shift());
  await desk.pass(2);
  for (let tries = 0; tries < 4; tries += 1) {
    t.mock.timers.tick(3000);
    await turn();
  }
  assert.equal(desk.ends, 3);
});

test("a stopped timer ends nothing", async (t) => {
  const desk = timer(t, 5);
  desk.timer.stop();
  await desk.pass(10);
  assert.equal(desk.ends, 0);
});

test("a page opened after the end submits at once", async (t) => {
  const desk = timer(t, 0);
  await turn();
  assert.equal(desk.ends, 1);
});
