// Three sentences on how a game is played, one at a time, in the panel of a learner's first case of it.
import { keep, kept } from "../shell/kept.js";

const SEEN = "seen";

export class Tour {
  // Begins if the panel has a tour that this browser has not been through.
  constructor(panel) {
    this.section = panel.querySelector("[data-tour]");
    if (!this.section || kept(this.#name) === SEEN) return;
    this.steps = [...this.section.querySelectorAll("[data-points]")];
    this.#role("tour-next").addEventListener("click", () => this.#show(this.at + 1));
    this.#role("tour-skip").addEventListener("click", () => this.end());
    this.section.hidden = false;
    this.#show(0);
  }

  get #name() {
    return `tour-${this.section.dataset.tour}`;
  }

  #role(name) {
    return this.section.querySelector(`[data-role=${name}]`);
  }

  #show(at) {
    if (at >= this.steps.length) {
      this.end();
      return;
    }
    this.at = at;
    this.steps.forEach((step, place) => (step.hidden = place !== at));
    this.#role("tour-place").textContent = `${at + 1} of ${this.steps.length}`;
    const isLast = at === this.steps.length - 1;
    this.#role("tour-next").textContent = isLast ? "Got it" : "Next";
    this.#role("tour-skip").hidden = isLast;
    this.#point(this.steps[at].dataset.points);
  }

  // Frames what the sentence is about.
  #point(selector = null) {
    for (const place of document.querySelectorAll(".pointed-at")) place.classList.remove("pointed-at");
    if (selector) for (const place of document.querySelectorAll(selector)) place.classList.add("pointed-at");
  }

  // For good: the keyboard goes on from the panel.
  end() {
    if (!this.steps || this.section.hidden) return;
    const hadFocus = this.section.contains(document.activeElement);
    this.section.hidden = true;
    this.#point();
    keep(this.#name, SEEN);
    if (hadFocus) document.getElementById("main")?.focus({ preventScroll: true });
  }
}
