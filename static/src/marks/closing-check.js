// A last look at the places where findings are overlooked: offered, never asked for, and known to this page alone.
import { keep, kept } from "../shell/kept.js";
import { say } from "../shell/page.js";

const KEY = "closing-check";
const HIDDEN = "off";

export class ClosingCheck {
  // `panel` is the panel's element, `choice` the box in the settings that switches it on and off.
  constructor(panel, choice, { signal }) {
    this.details = panel.querySelector("[data-role=closing-check]");
    this.choice = choice;
    if (!this.details) return;
    this.said = this.details.querySelector("[data-role=closing-said]");
    this.words = this.said.textContent;
    this.boxes = [...this.details.querySelectorAll("input")];
    const seen = () => this.details.open && this.details.scrollIntoView?.({ block: "end" });
    this.details.addEventListener("toggle", seen, { signal });
    this.details.addEventListener("change", () => this.#count(), { signal });
    this.details.querySelector("[data-role=closing-off]").addEventListener("click", () => this.#switchedOff(), { signal });
    choice.parentElement.hidden = false;
    choice.addEventListener("change", () => this.#become(choice.checked), { signal });
    signal.addEventListener("abort", () => (choice.parentElement.hidden = true));
    this.#show(kept(KEY) !== HIDDEN);
  }

  #count() {
    const looked = this.boxes.filter(({ checked }) => checked).length;
    this.said.textContent = looked ? `${looked} of ${this.boxes.length} looked at` : this.words;
  }

  #switchedOff() {
    this.#become(false);
    say("The last look is off. The settings (,) bring it back.");
    document.getElementById("main")?.focus({ preventScroll: true });
  }

  #become(on) {
    keep(KEY, on ? "on" : HIDDEN);
    this.#show(on);
  }

  #show(on) {
    this.details.hidden = !on;
    this.choice.checked = on;
  }
}
