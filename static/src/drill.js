// The page of a drill: one question on a film, answered by a tap on it or by one of two buttons.
import "./site.js";
import { CasePage } from "./attempt/case-page.js";
import { play } from "./attempt/onward.js";
import { Behind } from "./feedback/behind.js";
import { boxesOf } from "./feedback/review.js";
import { OnePoint, question } from "./drill/questions.js";
import { read, say } from "./shell/page.js";

class DrillPage extends CasePage {
  constructor(data, given) {
    const point = new OnePoint(data);
    const asked = question(data);
    super(data, given, {
      stage: {
        answer: point,
        drawing: () => (this.isPlaying && asked.isPointed ? { label: data.drill } : null),
        nameOf: () => "",
        isPoint: () => true,
        extra: () => (this.review ? boxesOf(this.review) : []),
        more: (event) => this.#actions(event),
      },
      sending: {
        answer: () => ({ ...asked.answer, ...point.place }),
        replace: (draft) => this.#replace(draft),
      },
    });
    Object.assign(this, { point, asked, review: null });
    if (this.isOpen && asked.isGlance) this.stage.element.classList.add("covered");
  }

  async start() {
    await super.start();
    if (this.data.images.length > 1 && !this.life.signal.aborted) await this.stage.layOut(2);
    if (!this.life.signal.aborted && this.isOpen && this.asked.isGlance) this.#look();
  }

  #role(name) {
    return this.panel.querySelector(`[data-role=${name}]`);
  }

  get #choices() {
    return [...this.panel.querySelectorAll("[data-choice]")];
  }

  startPlaying() {
    this.sending.start();
    for (const button of this.#choices) button.addEventListener("click", () => this.#choose(button.dataset.choice));
    this.#role("submit").addEventListener("click", () => this.submit());
    this.point.addEventListener("changed", () => {
      this.asked.pointed();
      this.sending.touch();
      this.#show();
    });
    this.#show();
  }

  // The film for its few seconds, once: a page that is loaded again begins where it was left.
  #look() {
    if (!this.asked.mayLook) return this.#phase();
    this.#cover(false);
    const timer = setTimeout(() => {
      this.asked.looked();
      this.sending.touch();
      this.#phase();
    }, this.data.glance_ms);
    this.life.signal.addEventListener("abort", () => clearTimeout(timer));
  }

  #cover(on) {
    this.stage.element.classList.toggle("covered", on);
  }

  #phase() {
    const { phase } = this.asked;
    this.#cover(phase === "glance");
    for (const line of this.panel.querySelectorAll("[data-phase]")) line.hidden = line.dataset.phase !== phase;
    // The second tap of two quick ones is not the second answer.
    for (const button of this.#choices) button.disabled = true;
    setTimeout(() => this.#choices.forEach((button) => (button.disabled = false)), this.asked.pause);
  }

  #choose(choice) {
    const button = this.#choices.find(({ dataset }) => dataset.choice === choice);
    if (!this.isPlaying || !button || button.disabled) return;
    const isDone = this.asked.choose(choice);
    if (choice === "none") this.point.clear();
    this.sending.touch();
    this.#show();
    if (isDone) this.submit();
    else if (this.asked.isGlance) this.#phase();
  }

  #show() {
    for (const button of this.#choices) {
      if (button.hasAttribute("aria-pressed")) button.setAttribute("aria-pressed", String(this.asked.isChosen(button.dataset.choice)));
    }
  }

  #replace(draft) {
    this.asked.replace(draft);
    this.point.replaceBy(draft);
    this.#show();
    if (this.asked.isGlance) this.#phase();
  }

  #actions(event) {
    if (this.isOpen) {
      return {
        label: () => this.#choose(this.#choices[Number(event.key) - 1]?.dataset.choice),
        crosshair: () => (this.asked.isPointed ? this.stage.view.crosshair.toggle() : false),
        submit: () => this.submit(),
        cancel: () => this.stage.putDown(),
      };
    }
    return {
      normal: () => this.next(),
      blink: () => this.#behind?.blink(true) ?? false,
      peel: () => this.#behind?.next() ?? false,
      outlines: () => this.#behind?.nextGroup() ?? false,
      slices: () => this.#behind?.slices() ?? false,
      crosshair: () => this.#behind?.crosshair() ?? false,
    };
  }

  // What keys see through: the film in the pane last pressed, else the one whose control is open.
  get #behind() {
    const { behind = [], stage } = this;
    return behind.find(({ view }) => view && view === stage.view) ?? behind.find(({ element }) => element.open) ?? behind[0];
  }

  #seeThrough() {
    const { stage, life, data, review } = this;
    const elements = [...this.panel.querySelectorAll("[data-role=behind]")];
    this.behind = elements.map((element) => new Behind(element, stage, life.signal, data.csrf));
    for (const one of this.behind) {
      one.open().then(() => one.describe(review.truths.find(({ image, box }) => box && image === one.told?.image)));
    }
  }

  async submit() {
    const missing = this.asked.missing(this.point.place.point);
    this.#role("problem").textContent = missing;
    if (missing) return;
    this.stage.putDown();
    await this.sending.submit();
  }

  startReview() {
    document.body.classList.add("reviewing");
    this.#cover(false);
    this.review = read("review-data");
    this.#seeThrough();
    this.stage.close();
    this.loadAhead();
    say("");
    this.panel.querySelector("h2")?.focus();
  }
}

play(DrillPage);
