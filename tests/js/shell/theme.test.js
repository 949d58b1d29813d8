import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { applyTheme, bindTheme } from "../../../static/src/shell/theme.js";
import { openPage } from "../page.js";

let store;
const button = () => document.querySelector("[data-role=theme]");
const chosen = () => document.documentElement.dataset.theme;

beforeEach(() => {
  openPage('<button data-role="theme"></button>');
  store = new Map();
  globalThis.localStorage = { getItem: (name) => store.get(name) ?? null, setItem: (name, value) => store.set(name, value) };
});

test("without a choice, or with one that is not known, the system decides", () => {
  for (const kept of [null, "sepia"]) {
    if (kept) store.set("theme", kept);
    assert.equal(applyTheme(), "system");
    assert.equal(chosen(), undefined);
  }
});

test("the button goes round, says which it is, and the choice is kept", () => {
  bindTheme();
  assert.equal(button().title, "Colors: as the system");
  const seen = ["light", "dark", undefined].map((expected) => {
    button().click();
    assert.equal(chosen(), expected);
    return store.get("theme");
  });
  assert.deepEqual(seen, ["light", "dark", "system"]);
  button().click();
  delete document.documentElement.dataset.theme;
  assert.equal(applyTheme(), "light");
});

test("a page without the button has nothing to bind", () => {
  button().remove();
  bindTheme();
});
