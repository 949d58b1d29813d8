// The page of the drawing game: images to mark, a palette of labels, submit, feedback.
import "./site.js";
import { CasePage } from "./case-page.js";
import { Closeups } from "./closeups.js";
import { Explanations } from "./explanations.js";
import { moveBox, resizeBox } from "./geometry.js";
import { Hints } from "./hints.js";
import { Answer } from "./marks.js";
import { play } from "./onward.js";
import { confirmed, read, say } from "./page.js";
import { Palette } from "./palette.js";
import { Review } from "./review.js";

class LocalizePage extends CasePage {
  constructor(data, given) {
    const answer = new Answer(data.draft);
    super(data, given, {
      stage: {
        answer,
        drawing: () => (this.isPlaying ? { label: this.palette.active } : null),
        nameOf: (slug) => this.palette?.nameOf(slug) ?? slug,
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
    });
    this.sending.start();
    this.answer.addEventListener("changed", () => this.sending.touch());
    this.panel.querySelector("[data-role=submit]").addEventListener("click", () => this.submit());
    const { urls, csrf, aids } = this.data;
    this.hints = new Hints(this.panel, {
      url: urls.hint,
      csrf,
      aids,
      saved: () => this.autosave.flush(),
      drawn: (place) => (this.stage.goTo(place), this.stage.redraw()),
    });
    this.sending.startClock(() => (this.stage.putDown(), this.sending.submit()));
  }

  #actions(event) {
    if (this.isPlaying) return this.#playing(event);
    return this.isOpen ? {} : this.#reviewing(event);
  }

  #playing(event) {
    const selected = this.answer.mark(this.answer.selected);
    return {
      search: () => this.palette.search.focus(),
      label: () => this.palette.chooseByNumber(Number(event.key)),
      normal: () => this.answer.setNormal(!this.answer.normal),
      confidence: () => this.palette.confide(Number(event.code.at(-1))),
      relabel: () => (selected ? this.palette.relabel(selected.id) : false),
      remove: () => (selected ? this.answer.remove(selected.id) : false),
      nudge: () => (selected ? this.#nudge(selected, event) : false),
      ...(this.hints?.isLadder && { hint: () => this.hints.ask("") }),
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
    };
  }

  #nudge(mark, { key, shiftKey, altKey }) {
    const step = shiftKey ? 10 : 1;
    const { width, height } = this.stage.view.image;
    const dx = ({ ArrowLeft: -1, ArrowRight: 1 }[key] ?? 0) * (step / width);
    const dy = ({ ArrowUp: -1, ArrowDown: 1 }[key] ?? 0) * (step / height);
    const box = altKey ? resizeBox(mark.box, "se", dx, dy) : moveBox(mark.box, dx, dy);
    this.answer.change(mark.id, { box });
  }

  async submit() {
    const { unlabelled } = this.answer;
    if (unlabelled.length) {
      this.answer.select(unlabelled[0].id);
      say("One box has no label yet: choose one, or delete the box.");
      this.palette.search.focus();
      return;
    }
    if (this.answer.isEmpty && !(await confirmed("nothing-marked"))) return;
    this.stage.putDown();
    await this.sending.submit();
  }

  startReview() {
    this.palette?.close();
    document.body.classList.add("reviewing");
    this.review = new Review(this.panel, read("review-data"), {
      go: (item) => (item ? this.stage.goTo(item) : this.stage.do("fit")),
      redraw: () => this.stage.redraw(),
      fly: (flight) => this.stage.fly(flight),
      closeups: new Closeups(this.data.images, this.stage.renditions),
    });
    this.stage.close();
    this.loadAhead();
    this.panel.querySelector("h2")?.focus();
  }

  close() {
    super.close();
    this.palette?.close();
    this.explanations.close();
  }
}

play(LocalizePage);
