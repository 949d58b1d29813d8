// Hints while playing: asked for by a button, given by the server, listed, outlined on the image.
import { exchange } from "../shell/server.js";

const NOTHING = "nothing"; // the step that tells that no hint would lead anywhere
const REFUSED = 422; // there is none on this answer

export class Hints {
  // `saved()` resolves when the server has the draft as it is; `drawn()` is called when an outline came;
  // `answer()` is what they depend on beside the region.
  constructor(panel, { url, csrf, aids, saved, drawn, answer = () => null }) {
    Object.assign(this, { url, csrf, saved, drawn, answer });
    this.spent = new Map(); // by region the answer on which no further hint is to be had
    this.places = aids.map(({ place }) => place).filter(Boolean);
    this.section = panel.querySelector("[data-role=aids]");
    this.buttons = [...(this.section?.querySelectorAll("[data-hint]") ?? [])];
    for (const button of this.buttons) button.addEventListener("click", () => this.ask(button.dataset.hint));
  }

  // Whether the next hint can be asked for without saying what about.
  get isLadder() {
    return this.buttons.some(({ dataset }) => !dataset.hint);
  }

  // The outlines given so far, as the stage shows them.
  boxes() {
    return this.places.map((place, index) => ({ ...place, id: `hint-${index}`, kind: "hint", text: "hint" }));
  }

  #isSpent(region) {
    return this.spent.get(region) === JSON.stringify(this.answer());
  }

  // That was the last hint on this answer: it is not asked for again before the answer changes.
  #spend(region) {
    this.spent.set(region, JSON.stringify(this.answer()));
    this.refresh();
  }

  // The buttons say what a hint costs as long as there is one.
  refresh() {
    for (const button of this.buttons) {
      const cost = button.querySelector("[data-role=hint-cost]");
      if (!cost) continue;
      cost.dataset.words ??= cost.textContent;
      cost.textContent = this.#isSpent(button.dataset.hint) ? "none left" : cost.dataset.words;
    }
  }

  async ask(region) {
    if (this.asking || this.#isSpent(region)) return;
    this.asking = true;
    this.#problem("");
    try {
      await this.saved();
      const { status, body } = await exchange("POST", this.url, region ? { region } : {}, this.csrf);
      if (status === 200) this.#show(body.hint);
      else this.#problem(body?.error ?? `The server gave no hint (status ${status}).`);
      if (status === REFUSED || body?.hint?.step === NOTHING || body?.hint?.last) this.#spend(region);
    } catch {
      this.#problem("No connection. Ask again in a moment.");
    } finally {
      this.asking = false;
    }
  }

  #show({ text, cost, place }) {
    const row = document.createElement("li");
    row.textContent = text;
    if (cost) {
      const price = document.createElement("span");
      price.className = "quiet";
      price.textContent = ` costs ${Math.round(100 * cost)} %`;
      row.append(price);
    }
    this.section.querySelector("[data-role=hints]").append(row);
    row.scrollIntoView?.({ block: "nearest" });
    if (!place) return;
    this.places.push(place);
    this.drawn(place);
  }

  #problem(sentence) {
    const line = this.section.querySelector("[data-role=hint-problem]");
    line.textContent = sentence;
  }
}
