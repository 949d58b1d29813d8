// The page of the writing game: images to look at, a text to write, submit, feedback.
import "./site.js";
import { CasePage } from "./attempt/case-page.js";
import { Hints } from "./attempt/hints.js";
import { play } from "./attempt/onward.js";
import { Behind } from "./feedback/behind.js";
import { Highlights } from "./report/highlights.js";
import { Macros } from "./report/macros.js";
import { expanded, withSections, wordsIn } from "./report/text.js";
import { confirmed, isAsking } from "./shell/dialogs.js";
import { keep, kept } from "./shell/kept.js";
import { read } from "./shell/page.js";

const KINDS = {
  missing: "truth missed",
  attribute: "truth poorly-located",
  matched: "truth hit",
};

class ReportPage extends CasePage {
  constructor(data, given) {
    super(data, given, {
      stage: {
        extra: () => this.boxes,
        more: (event) => (this.highlights ? this.#reviewing(event) : {}),
      },
      sending: {
        answer: () => this.answer,
        replace: (draft) => this.#write(draft.text),
        saved: ({ regions }) => this.#showRegions(regions),
        delay: 700,
      },
    });
    this.boxes = [];
  }

  get answer() {
    return { text: this.field.value, language: this.language?.value ?? this.data.draft.language };
  }

  #role(name) {
    return this.panel.querySelector(`[data-role=${name}]`);
  }

  startPlaying() {
    this.field = this.#role("text");
    this.language = document.getElementById("language");
    this.sending.start();
    this.field.addEventListener("input", () => this.#written());
    this.language?.addEventListener("change", () => {
      this.field.lang = this.language.value;
      this.sending.touch();
    });
    this.#role("submit").addEventListener("click", () => this.submit());
    this.#role("sections").addEventListener("click", () => this.#insertSections());
    this.#bindChecklist();
    const { macros, csrf, urls } = this.data;
    this.macros = new Macros(document.getElementById("macro-dialog"), { macros, csrf, url: urls.macros });
    this.#role("macros").addEventListener("click", () => this.macros.open());
    this.#countWords();
    this.hints = new Hints(this.panel, {
      url: urls.hint,
      csrf,
      aids: this.data.aids,
      saved: () => this.autosave.flush(),
      drawn: () => {},
    });
    this.sending.startClock(() => this.sending.submit());
    // Where typing brings up a keyboard on the screen, the image is seen first.
    if (!globalThis.matchMedia?.("(pointer: coarse)").matches) this.field.focus({ preventScroll: true });
  }

  #write(text) {
    this.field.value = text;
    this.#countWords();
  }

  #written() {
    const made = expanded(this.field.value, this.field.selectionStart, this.macros.list);
    if (made) {
      this.field.value = made.text;
      this.field.setSelectionRange(made.caret, made.caret);
    }
    this.#countWords();
    this.sending.touch();
  }

  #countWords() {
    const count = wordsIn(this.field.value);
    this.#role("words").textContent = `${count} ${count === 1 ? "word" : "words"}`;
  }

  #insertSections() {
    this.field.value = withSections(this.field.value, this.data.sections[this.answer.language]);
    this.field.focus();
    this.#written();
  }

  #showRegions(regions) {
    for (const { what, covered } of regions) {
      const item = this.panel.querySelector(`[data-region="${what}"]`);
      item?.classList.toggle("covered", covered);
      const words = item?.querySelector(".visually-hidden");
      if (words) words.textContent = covered ? ", covered" : ", not yet";
    }
  }

  // The list can be off, and stays so.
  #bindChecklist() {
    const list = this.#role("checklist")?.querySelector("ul");
    if (!list) return; // a test has none
    const button = this.#role("checklist-off");
    const show = (on) => {
      list.hidden = !on;
      button.textContent = on ? "hide" : "show";
      button.setAttribute("aria-expanded", String(on));
    };
    show(kept("report-checklist") !== "off");
    button.addEventListener("click", () => {
      show(list.hidden);
      keep("report-checklist", list.hidden ? "off" : "on");
    });
  }

  key(event) {
    if (isAsking()) return;
    if (this.isOpen && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      if (!event.repeat) this.submit();
    } else if (event.key === "Escape" && event.target === this.field) {
      this.stage.focus(); // the viewer's keys work again
    } else {
      super.key(event);
    }
  }

  #reviewing(event) {
    const back = ["ArrowLeft", "ArrowUp"].includes(event.key);
    return {
      nudge: () => this.highlights.step(back ? -1 : 1),
      normal: () => this.next(),
      blink: () => this.behind?.blink(true) ?? false,
      peel: () => this.behind?.next() ?? false,
      outlines: () => this.behind?.nextGroup() ?? false,
      slices: () => this.behind?.slices() ?? false,
      crosshair: () => this.behind?.crosshair() ?? false,
    };
  }

  async submit() {
    if (!this.field.value.trim() && !(await confirmed("nothing-marked"))) return;
    await this.sending.submit();
  }

  startReview() {
    document.body.classList.add("reviewing");
    this.found = read("review-boxes");
    this.highlights = new Highlights(this.panel, { go: (note) => this.#goTo(note) });
    this.behind = new Behind(this.#role("behind"), this.stage, this.life.signal, this.data.csrf);
    this.behind.open();
    this.loadAhead();
    this.panel.querySelector("h2")?.focus();
  }

  // A finding's place on the image, where the case has one.
  #goTo(note) {
    this.boxes = this.found
      .filter(({ id }) => id === note)
      .map((box) => ({ ...box, kind: KINDS[box.kind] ?? "truth", selected: true }));
    this.stage.redraw();
    if (!this.boxes.length) return;
    const [first] = this.boxes;
    this.goTo(first);
    this.behind.describe({ ...first, name: first.text, spot: first.label });
  }
}

play(ReportPage);
