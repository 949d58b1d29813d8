// The smaller parts of the viewer: linked zoom, the lens, the help sheet's lines, the dialog of keys, prefetching.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Bindings, MOUSE } from "../../../static/src/shell/bindings.js";
import { mouseRows } from "../../../static/src/shell/help.js";
import { Links } from "../../../static/src/viewer/links.js";
import { Magnifier } from "../../../static/src/viewer/magnifier.js";
import { loadAhead } from "../../../static/src/attempt/prefetch.js";
import { Settings } from "../../../static/src/shell/settings.js";
import { openPage, press } from "../page.js";

class Camera extends EventTarget {
  shown = true;
  at = { zoom: 1, center: [0.5, 0.5] };
  place() {
    return this.at;
  }
  setPlace(place) {
    this.at = place;
  }
  move(place) {
    this.at = place;
    this.dispatchEvent(new Event("camera"));
  }
}

const viewOf = (view, isHung = true) => ({ image: { view }, viewer: new Camera(), isHung });

test("linked views follow the one that is moved, until they are freed", () => {
  const views = [viewOf("PA"), viewOf("AP"), viewOf("LATERAL"), viewOf("PA", false)];
  const links = new Links(views);
  views.forEach((view) => links.watch(view));
  views[0].viewer.move({ zoom: 2, center: [0.1, 0.2] });
  assert.equal(views[1].viewer.at.zoom, 1);
  links.toggle(views[0]);
  assert.deepEqual(views[1].viewer.at, { zoom: 2, center: [0.1, 0.2] });
  assert.deepEqual(views[2].viewer.at, { zoom: 2, center: [0.5, 0.2] });
  assert.equal(views[3].viewer.at.zoom, 1);
  links.toggle(views[0]);
  views[1].viewer.move({ zoom: 5, center: [0, 0] });
  assert.equal(views[0].viewer.at.zoom, 2);
});

test("views alike go where one of them is led, whether linked or not; others stay", () => {
  const views = [viewOf("PA"), viewOf("AP"), viewOf("LATERAL"), viewOf("CT, axial"), viewOf("PA", false)];
  const links = new Links(views);
  views[0].viewer.at = { zoom: 3, center: [0.2, 0.7] };
  links.follow(views[0], { alike: true });
  assert.deepEqual(views[1].viewer.at, { zoom: 3, center: [0.2, 0.7] });
  for (const one of views.slice(2)) assert.equal(one.viewer.at.zoom, 1);
});

test("the lens is there while its key is held, and stays after a short press", (t) => {
  let now = 0;
  t.mock.method(performance, "now", () => (now += 100));
  const lens = { hidden: true };
  const magnifier = new Magnifier([{ lens }]);
  t.mock.method(magnifier, "draw", () => (lens.hidden = false));
  magnifier.press({ lens });
  assert.equal(magnifier.release({ lens }), false);
  assert.equal(lens.hidden, false);
  magnifier.press({ lens });
  assert.equal(lens.hidden, true);
  magnifier.press({ lens });
  now += 1000;
  assert.equal(magnifier.release({ lens }), true);
  assert.equal(lens.hidden, true);
});

test("the help sheet says what each button does on this page", () => {
  const playing = new Map(mouseRows(MOUSE, { draws: true, stacks: true }));
  assert.match(playing.get("Left button"), /draws/);
  assert.match(playing.get("Wheel"), /slices/);
  const looking = new Map(mouseRows({ ...MOUSE, right: "zoom" }, { draws: false, stacks: false }));
  assert.equal(looking.get("Left button"), "pans");
  assert.equal(looking.get("Right button"), "zooms");
  assert.match(looking.get("Wheel"), /zooms/);
});

let settings;
let told;

beforeEach(() => {
  openPage(`<dialog id="choice"><h2 tabindex="-1">Keys</h2><p data-role="binding-problem"></p>
    <div data-role="mouse-choices"></div><ul data-role="key-choices"></ul>
    <button data-role="default-bindings">Defaults</button></dialog>`);
  told = 0;
  settings = new Settings(document.getElementById("choice"), new Bindings(null), () => (told += 1));
  settings.open();
});

const choice = (action) => document.querySelector(`[data-bind=${action}]`);
const problem = () => document.querySelector("[data-role=binding-problem]").textContent;

test("a key is chosen by pressing its button, then the key", () => {
  choice("invert").click();
  assert.equal(choice("invert").textContent, "press a key");
  press(choice("invert"), ";");
  assert.equal(choice("invert").textContent, ";");
  assert.equal(told, 1);
});

test("a key that is taken is refused in words, and the old one stays", () => {
  choice("invert").click();
  press(choice("invert"), "m");
  assert.match(problem(), /taken/);
  assert.equal(choice("invert").textContent, "I");
});

test("modifiers alone are waited out, and Esc leaves things as they were", () => {
  choice("invert").click();
  press(choice("invert"), "Shift");
  assert.equal(choice("invert").textContent, "press a key");
  press(choice("invert"), "Escape");
  assert.equal(choice("invert").textContent, "I");
  assert.equal(problem(), "");
});

test("buttons are chosen from a list, and the defaults come back", () => {
  const select = document.querySelector("[data-mouse=right]");
  select.value = "zoom";
  select.dispatchEvent(new window.Event("change"));
  assert.equal(settings.bindings.mouse.right, "zoom");
  document.querySelector("[data-role=default-bindings]").click();
  assert.deepEqual(settings.bindings.mouse, MOUSE);
  assert.equal(document.querySelector("[data-mouse=right]").value, "window");
});

test("fixed keys are not offered", () => {
  for (const action of ["submit", "label", "cancel", "undo"]) assert.equal(choice(action), null);
});

test("the next case's images are asked for as JSON, then decoded", async (t) => {
  const asked = [];
  const loaded = [];
  t.mock.method(globalThis, "fetch", async (url, { headers } = {}) => {
    asked.push([url, headers?.Accept]);
    return new Response(JSON.stringify({ images: ["/images/a.png", "/images/b.png"] }));
  });
  await loadAhead("/next/localize/?after=x", { load: async (url) => loaded.push(url) });
  assert.deepEqual(asked, [["/next/localize/?after=x", "application/json"]]);
  assert.deepEqual(loaded, ["/images/a.png", "/images/b.png"]);
});

test("where nothing can be fetched ahead nothing is asked", async (t) => {
  const asked = t.mock.method(globalThis, "fetch", async () => new Response("{}"));
  await loadAhead(null, {});
  assert.equal(asked.mock.callCount(), 0);
});

test("when the next case cannot be had nothing happens", async (t) => {
  t.mock.method(globalThis, "fetch", async () => new Response("", { status: 500 }));
  await loadAhead("/next/localize/", {});
  t.mock.method(globalThis, "fetch", () => Promise.reject(new Error("offline")));
  await loadAhead("/next/localize/", {});
});
