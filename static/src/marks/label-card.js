// What a label is, looks like and is mistaken for: shown beside the panel for the label under
// the pointer or the keyboard. Only labels that came with a description are described.
import { fragmentOf } from "../shell/page.js";

const DELAY_MS = 350; // passing over a list is no question

export class LabelCard {
  // `panel` holds the card and the labels ([data-slug]); its `data-atlas` is the address, LABEL in it.
  constructor(panel, labels, { signal, fetchEntry = fragmentOf, delay = DELAY_MS }) {
    const card = panel.querySelector("[data-role=card]");
    Object.assign(this, { panel, card, fetchEntry, delay });
    this.address = panel.querySelector("[data-atlas]")?.dataset.atlas;
    this.described = new Set(labels.filter(({ description }) => description).map(({ slug }) => slug));
    this.entries = new Map();
    if (!card || !this.address || !this.described.size) return;
    const on = (name, does) => panel.addEventListener(name, does, { signal });
    // A finger does not hover: what it taps it does not ask about.
    on("pointerover", (event) => event.pointerType !== "touch" && this.#over(event));
    on("pointerout", (event) => event.pointerType !== "touch" && this.#out(event));
    on("focusin", (event) => this.#focused(event));
    on("focusout", () => this.hide());
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.hide(), { signal });
  }

  #over(event) {
    if (this.card.contains(event.target)) return clearTimeout(this.leaving);
    const label = labelOf(event.target);
    if (label) this.#soon(label);
  }

  // Moving onto the card itself keeps it.
  #out(event) {
    clearTimeout(this.waiting);
    if (!labelOf(event.target) && !this.card.contains(event.target)) return;
    clearTimeout(this.leaving);
    this.leaving = setTimeout(() => this.hide(), this.delay);
  }

  #focused(event) {
    const label = labelOf(event.target);
    if (label && event.target.matches(":focus-visible")) this.#soon(label);
  }

  #soon(label) {
    clearTimeout(this.waiting);
    clearTimeout(this.leaving);
    if (!this.described.has(label.dataset.slug)) return this.hide();
    this.waiting = setTimeout(() => this.show(label), this.delay);
  }

  async show(label) {
    const { slug } = label.dataset;
    if (!this.entries.has(slug)) this.entries.set(slug, this.fetchEntry(this.address.replace("LABEL", slug)));
    this.wanted = slug;
    const entry = await this.entries.get(slug);
    if (entry === null) this.entries.delete(slug); // asked again the next time
    if (entry === null || this.wanted !== slug || !label.isConnected) return;
    this.card.innerHTML = entry; // our own server's escaped template
    this.card.hidden = false;
    this.#place(label);
    this.shownFor?.removeAttribute("aria-describedby");
    this.shownFor = label.querySelector("input") ?? label;
    this.shownFor.setAttribute("aria-describedby", this.card.id);
  }

  // Beside the panel at the label's height, or above the panel where it lies at the bottom.
  #place(label) {
    const panel = this.panel.getBoundingClientRect();
    const { top } = label.getBoundingClientRect();
    const { offsetWidth, offsetHeight } = this.card;
    const beside = panel.left >= offsetWidth;
    const left = beside ? panel.left - offsetWidth - 8 : 8;
    const highest = beside ? top - 12 : panel.top - offsetHeight - 8;
    const lowest = window.innerHeight - offsetHeight - 8;
    this.card.style.left = `${left}px`;
    this.card.style.top = `${Math.max(8, Math.min(highest, lowest))}px`;
  }

  hide() {
    clearTimeout(this.waiting);
    this.wanted = null;
    if (!this.card) return;
    this.card.hidden = true;
    this.shownFor?.removeAttribute("aria-describedby");
    this.shownFor = null;
  }
}

const labelOf = (target) => target.closest?.("[data-slug]");
