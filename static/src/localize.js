// The page of the drawing game: images to mark, a palette of labels, submit, feedback.
import "./site.js";
import { CasePage } from "./attempt/case-page.js";
import { Hints } from "./attempt/hints.js";
import { play } from "./attempt/onward.js";
import { Behind } from "./feedback/behind.js";
import { Closeups } from "./feedback/closeups.js";
import { Explanations } from "./feedback/explanations.js";
import { Review } from "./feedback/review.js";
import { Answer } from "./marks/answer.js";
import { ClosingCheck } from "./marks/closing-check.js";
import { moveBox, movePoint, resizeBox } from "./marks/geometry.js";
import { Palette } from "./marks/palette.js";
import { confirmed } from "./shell/dialogs.js";
import { read, say } from "./shell/page.js";

class LocalizePage extends CasePage {
  constructor(data, given) {
    const opened = performance.now() - (data.spent_ms ?? 0); // the clock goes on over a reload
    const asksChange = Boolean(data.asks_change);
    const answer = new Answer(data.draft, () => performance.now() - opened, { asksChange });
    super(data, given, {
      stage: {
        answer,
        drawing: () => (this.isPlaying ? { label: this.palette.active } : null),
        nameOf: (slug) => this.palette?.nameOf(slug) ?? slug,
        isPoint: (slug) => this.palette?.isPoint(slug) ?? false,
        extra: () => this.review?.boxes() ?? this.hints?.boxes() ?? [],
        more: (event) => this.#actions(event),
      },
      sending: {
        answer: () => answer.complete,
        replace: (draft) => answer.replace(draft),
      },
    });
    this.answer = answer;
    this.review = null;
    this.explanations = new Explanations(this.panel, data);
  }

  startPlaying() {
    this.palette = new Palette(this.panel, this.data.labels, this.answer, {
      onLabel: () => this.stage.focus(),
      asksChange: this.answer.asksChange,
    });
    this.closing = new ClosingCheck(this.panel, document.querySelector("[data-role=closing-choice]"), this.life);
    this.sending.start();
    this.answer.addEventListener("changed", () => this.sending.touch());
    this.panel.querySelector("[data-role=submit]").addEventListener("click", () => this.submit());
    const { urls, csrf, aids } = this.data;
    this.hints = new Hints(this.panel, {
      url: urls.hint,
      csrf,
      aids,
      saved: () => this.autosave.flush(),
      drawn: (place) => (this.goTo(place), this.stage.redraw()),
      answer: () => this.answer.complete,
    });
    this.answer.addEventListener("changed", () => this.hints.refresh());
    this.sending.startClock(() => (this.stage.putDown(), this.sending.submit()));
  }

  #actions(event) {
    if (this.isPlaying) return this.#playing(event);
    return this.isOpen ? {} : this.#reviewing(event);
  }

  #playing(event) {
    const selected = this.answer.mark(this.answer.selected);
    return {
      search: () => this.#search(),
      label: () => this.palette.chooseByNumber(Number(event.key)),
      normal: () => this.answer.setNormal(!this.answer.normal),
      confidence: () => this.palette.confide(Number(event.code.at(-1))),
      positionRight: () => this.palette.judge("right"),
      positionWrong: () => this.palette.judge("wrong"),
      change: () => this.palette.compare(),
      relabel: () => (selected ? (this.sheet.open(), this.palette.relabel(selected.id)) : false),
      remove: () => (selected ? this.answer.remove(selected.id) : false),
      nudge: () => (selected ? this.#nudge(selected, event) : false),
      ...(this.hints?.isLadder && { hint: () => (this.sheet.open(), this.hints.ask("")) }),
      crosshair: () => this.stage.view.crosshair.toggle(),
      undo: () => this.answer.undo(),
      redo: () => this.answer.redo(),
      submit: () => this.submit(),
      cancel: () => this.stage.putDown() || this.answer.select(null),
    };
  }

  #reviewing(event) {
    const back = ["ArrowLeft", "ArrowUp"].includes(event.key);
    return {
      nudge: () => this.review?.step(back ? -1 : 1),
      normal: () => this.next(),
      blink: () => this.behind?.blink(true) ?? false,
      peel: () => this.behind?.next() ?? false,
      outlines: () => this.behind?.nextGroup() ?? false,
      slices: () => this.behind?.slices() ?? false,
      crosshair: () => this.behind?.crosshair() ?? false,
    };
  }

  #nudge(mark, { key, shiftKey, altKey }) {
    const step = shiftKey ? 10 : 1;
    const { width, height } = this.stage.view.image;
    const dx = ({ ArrowLeft: -1, ArrowRight: 1 }[key] ?? 0) * (step / width);
    const dy = ({ ArrowUp: -1, ArrowDown: 1 }[key] ?? 0) * (step / height);
    if (mark.point) return this.answer.change(mark.id, { point: movePoint(mark.point, dx, dy) });
    const box = altKey ? resizeBox(mark.box, "se", dx, dy) : moveBox(mark.box, dx, dy);
    return this.answer.change(mark.id, { box });
  }

  #search() {
    this.sheet.open();
    this.palette.search.focus();
  }

  async submit() {
    const { unlabeled } = this.answer;
    if (unlabeled.length) {
      this.answer.select(unlabeled[0].id);
      say("One box has no label yet: choose one, or delete the box.");
      this.#search();
      return;
    }
    const { unjudged } = this.answer;
    if (unjudged.length && !(await confirmed("not-judged"))) return this.#ask(unjudged[0]);
    const { uncompared } = this.palette;
    if (uncompared.length && !(await confirmed("not-compared"))) return this.#ask(uncompared[0]);
    if (this.answer.isEmpty && !(await confirmed("nothing-marked"))) return;
    this.stage.putDown();
    await this.sending.submit();
  }

  // Brings a mark's open question to where it is seen.
  #ask(mark) {
    this.answer.select(mark.id);
    this.sheet.open();
    this.palette.marks.show(mark.id);
  }

  startReview() {
    this.palette?.close();
    document.body.classList.add("reviewing");
    this.review = new Review(this.panel, read("review-data"), {
      go: (item) => (item ? this.goTo(item) : this.stage.whole()),
      redraw: () => this.stage.redraw(),
      fly: (flight) => this.stage.fly(flight),
      closeups: new Closeups(this.data.images, this.stage.renditions),
      told: (item) => this.behind.describe(item),
    });
    this.behind = new Behind(this.panel.querySelector("[data-role=behind]"), this.stage, this.life.signal, this.data.csrf);
    this.behind.open();
    this.stage.close();
    this.loadAhead();
    this.panel.querySelector("h2")?.focus();
    this.#openWhenLaidOut();
  }

  // The image has changed its size with the panel: its middle is known in the frame after the next.
  #openWhenLaidOut() {
    const { review } = this;
    requestAnimationFrame(() => requestAnimationFrame(() => this.life.signal.aborted || review.open()));
  }

  close() {
    super.close();
    this.palette?.close();
    this.explanations.close();
  }
}

play(LocalizePage);
