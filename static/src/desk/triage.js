// Keys of the work list: J and K go from case to case, X chooses one, P, B and R choose what is done with the chosen.
import { isAsking } from "../shell/dialogs.js";
import { isTyping } from "../shell/keys.js";

const ACTIONS = { p: "published", b: "review", r: "retired" };

export class Triage {
  constructor(document) {
    this.document = document;
  }

  listen() {
    this.document.addEventListener("keydown", (event) => this.key(event));
    this.document.addEventListener("change", (event) => event.target.name === "case" && this.count());
  }

  get form() {
    return this.document.querySelector("[data-triage]");
  }

  get rows() {
    return [...this.document.querySelectorAll("[data-row]")];
  }

  get current() {
    return this.rows.findIndex((row) => row.contains(this.document.activeElement));
  }

  // Enter on a row's link opens it, as everywhere; so that key is the browser's.
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || isAsking()) return;
    if (isTyping(event) && event.target.type !== "checkbox") return;
    const name = event.key.toLowerCase();
    const done =
      (name === "j" && this.go(1)) ||
      (name === "k" && this.go(-1)) ||
      (name === "x" && this.choose()) ||
      (name === "a" && this.chooseAll()) ||
      (name === "/" && this.search()) ||
      (ACTIONS[name] && this.plan(ACTIONS[name]));
    if (done) event.preventDefault();
  }

  go(step) {
    const { rows, current } = this;
    if (!rows.length) return false;
    const next = current < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, current + step));
    rows[next].querySelector("a").focus();
    rows[next].scrollIntoView?.({ block: "nearest" });
    return true;
  }

  choose() {
    const row = this.rows[this.current];
    if (!row) return false;
    const box = row.querySelector("[name=case]");
    box.checked = !box.checked;
    this.count();
    return true;
  }

  // All, or none where all are chosen.
  chooseAll() {
    const boxes = this.rows.map((row) => row.querySelector("[name=case]"));
    const on = boxes.some((box) => !box.checked);
    for (const box of boxes) box.checked = on;
    this.count();
    return boxes.length > 0;
  }

  search() {
    this.document.getElementById("text").focus();
    return true;
  }

  // What is to be done is set and the reason asked for; Enter there does it. With none chosen it is the row at hand.
  plan(action) {
    const { form } = this;
    if (!form) return false;
    if (!this.chosen && !this.choose()) return false;
    form.querySelector("[name=action]").value = action;
    form.querySelector("[name=why]").focus();
    return true;
  }

  get chosen() {
    return this.document.querySelectorAll("[name=case]:checked").length;
  }

  count() {
    const line = this.form?.querySelector("[data-role=chosen]");
    if (line) line.textContent = this.chosen ? `${this.chosen} of ${this.rows.length} chosen.` : "None chosen.";
  }
}
