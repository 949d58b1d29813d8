import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Triage } from "../../../static/src/desk/triage.js";
import { openPage, press } from "../page.js";

const row = (key) => `<tr data-row><td><input type="checkbox" name="case" value="${key}"></td><td><a href="/cases/${key}/">${key}</a></td></tr>`;
let triage;

beforeEach(() => {
  openPage(`<input id="text"><form data-triage><select name="action"><option value=""></option><option value="published"></option><option value="retired"></option></select>
    <input name="why"><p data-role="chosen"></p><table>${row("a")}${row("b")}${row("c")}</table></form>`);
  triage = new Triage(document);
  triage.listen();
});

const at = () => document.activeElement.textContent;
const chosen = () => [...document.querySelectorAll("[name=case]:checked")].map(({ value }) => value);
const key = (name, options) => press(document.activeElement ?? document.body, name, options);

test("J and K go from case to case and stop at the ends", () => {
  for (const [name, where] of [["j", "a"], ["j", "b"], ["j", "c"], ["j", "c"], ["k", "b"]]) {
    key(name);
    assert.equal(at(), where);
  }
});

test("X chooses the case at hand, and again lets it go", () => {
  key("j");
  assert.ok(key("x").defaultPrevented);
  assert.deepEqual(chosen(), ["a"]);
  assert.equal(document.querySelector("[data-role=chosen]").textContent, "1 of 3 chosen.");
  key("x");
  assert.deepEqual(chosen(), []);
});

test("A chooses all, then none", () => {
  key("a");
  assert.deepEqual(chosen(), ["a", "b", "c"]);
  key("a");
  assert.deepEqual(chosen(), []);
});

test("R plans to retire the case at hand and asks why", () => {
  key("j");
  key("r");
  assert.deepEqual(chosen(), ["a"]);
  assert.equal(document.querySelector("[name=action]").value, "retired");
  assert.equal(document.activeElement.name, "why");
});

test("what is typed into a field is no command, nor is a shortcut of the browser", () => {
  document.querySelector("[name=why]").focus();
  assert.ok(!key("x").defaultPrevented);
  document.activeElement.blur();
  assert.ok(!press(document.body, "a", { ctrlKey: true }).defaultPrevented);
  assert.deepEqual(chosen(), []);
});

test("Enter stays the browser's: it opens the case", () => {
  key("j");
  assert.ok(!key("Enter").defaultPrevented);
});
