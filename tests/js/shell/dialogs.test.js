import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { askBeforeSending, confirmed, isAsking, openDialog } from "../../../static/src/shell/dialogs.js";
import { openPage, press, turn } from "../page.js";

let dialog;

beforeEach(() => {
  openPage(`<dialog id="sure"><h2 tabindex="-1">Sure?</h2><form method="dialog"><button value="yes">Yes</button></form></dialog>
    <form id="end" data-ask="sure"><button>End</button></form>`);
  dialog = document.getElementById("sure");
});

test("an open dialog leaves every key to its controls, but not the press that opened it while it is held", () => {
  openDialog(dialog);
  const yes = dialog.querySelector("button");
  for (const key of ["Enter", " ", "Escape", "Tab", "a"]) assert.equal(press(yes, key).defaultPrevented, false, key);
  for (const key of ["Enter", " "]) assert.equal(press(yes, key, { repeat: true }).defaultPrevented, true, key);
  assert.equal(press(yes, "Tab", { repeat: true }).defaultPrevented, false);
});

test("a dialog opened twice is open once, and its heading has the focus", () => {
  openDialog(dialog);
  openDialog(dialog);
  assert.equal(document.activeElement, dialog.querySelector("h2"));
});

test("while a dialog is open the page takes no command, wherever the focus is", () => {
  assert.equal(isAsking(), false);
  openDialog(dialog);
  document.body.focus();
  assert.equal(isAsking(), true);
});

test("a question is agreed to by its button alone", async () => {
  const answers = [];
  for (const value of ["yes", ""]) {
    const asked = confirmed("sure");
    dialog.close(value);
    answers.push(await asked);
  }
  assert.deepEqual(answers, [true, false]);
});

test("a form that asks first is sent once it was agreed to, and not before", async () => {
  const sent = [];
  const form = document.getElementById("end");
  form.submit = () => sent.push(form.id);
  askBeforeSending();
  for (const value of ["", "yes"]) {
    const event = new window.Event("submit", { bubbles: true, cancelable: true });
    form.dispatchEvent(event);
    assert.equal(event.defaultPrevented, true);
    assert.equal(dialog.open, true);
    dialog.close(value);
    await turn();
  }
  assert.deepEqual(sent, ["end"]);
});
