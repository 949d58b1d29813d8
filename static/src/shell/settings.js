// The dialog in which keys and mouse buttons are chosen; kept in this browser.
import { BUTTONS, ROLES, WHEELS } from "./bindings.js";
import { openDialog } from "./dialogs.js";
import { KEYS, isFixed, keyName } from "./keys.js";

const MODIFIERS = ["Shift", "Control", "Alt", "Meta", "CapsLock", "AltGraph", "Tab"];

export class Settings {
  constructor(dialog, bindings, changed) {
    Object.assign(this, { dialog, bindings, changed });
    this.keys = dialog.querySelector("[data-role=key-choices]");
    this.mouse = dialog.querySelector("[data-role=mouse-choices]");
    this.problem = dialog.querySelector("[data-role=binding-problem]");
    dialog.querySelector("[data-role=default-bindings]").addEventListener("click", () => {
      bindings.reset();
      this.#done("");
    });
    dialog.addEventListener("close", () => (this.asking = null));
  }

  open() {
    this.#show();
    this.problem.textContent = "";
    openDialog(this.dialog);
  }

  #done(sentence) {
    this.problem.textContent = sentence;
    this.asking = null;
    this.#show();
    this.changed();
  }

  #show() {
    this.keys.replaceChildren(...KEYS.filter((entry) => !isFixed(entry)).map((entry) => this.#keyRow(entry)));
    this.mouse.replaceChildren(
      ...Object.entries(BUTTONS).map(([button, name]) => this.#mouseRow(button, name, ROLES)),
      this.#mouseRow("stackWheel", "Wheel on slices", WHEELS),
    );
  }

  #keyRow({ action, help }) {
    const button = make("button", { type: "button", textContent: this.bindings.shown(action) });
    button.setAttribute("aria-label", `${help}: ${button.textContent}. Press to choose another key.`);
    button.dataset.bind = action;
    button.addEventListener("click", () => this.#ask(button));
    button.addEventListener("keydown", (event) => this.#asked(event, button));
    button.addEventListener("blur", () => this.asking === button && this.#done(""));
    const row = make("li", {});
    row.append(make("span", { textContent: help }), button);
    return row;
  }

  #ask(button) {
    this.asking = button;
    button.textContent = "press a key";
    this.problem.textContent = "";
  }

  #asked(event, button) {
    if (this.asking !== button || MODIFIERS.includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    const { bind } = button.dataset;
    this.#done(event.key === "Escape" ? "" : this.bindings.setKey(bind, keyName(event)));
    this.keys.querySelector(`[data-bind=${bind}]`).focus();
  }

  #mouseRow(button, name, roles) {
    const select = make("select", {});
    select.dataset.mouse = button;
    for (const [role, words] of Object.entries(roles)) select.append(make("option", { value: role, textContent: words }));
    select.value = this.bindings.mouse[button];
    select.addEventListener("change", () => this.#done(this.bindings.setMouse(button, select.value)));
    const row = make("label", {});
    row.append(make("span", { textContent: name }), select);
    return row;
  }
}

function make(name, properties) {
  return Object.assign(document.createElement(name), properties);
}
