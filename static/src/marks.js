// The learner's answer: marks, ticks, "no abnormality"; one undo step per action.
import { uuid } from "./uuid.js";

export class Answer extends EventTarget {
  constructor({ marks = [], ticked = [], normal = false } = {}) {
    super();
    this.state = { marks, ticked, normal };
    this.past = [];
    this.future = [];
    this.selected = null;
    this.previewed = null;
  }

  // As they are shown: a box that is being dragged lies where it was dragged to.
  get marks() {
    if (!this.previewed) return this.state.marks;
    const { id, box } = this.previewed;
    return this.state.marks.map((mark) => (mark.id === id ? { ...mark, box } : mark));
  }

  get ticked() {
    return this.state.ticked;
  }

  get normal() {
    return this.state.normal;
  }

  mark(id) {
    return this.marks.find((mark) => mark.id === id) ?? null;
  }

  get isEmpty() {
    return !this.marks.length && !this.ticked.length && !this.normal;
  }

  // What is sent: a box without a label is not an answer yet.
  get complete() {
    return { ...this.state, marks: this.state.marks.filter((mark) => mark.label) };
  }

  get unlabelled() {
    return this.marks.filter((mark) => !mark.label);
  }

  #become(state, { selected = this.selected } = {}) {
    this.past.push({ state: this.state, selected: this.selected });
    this.future = [];
    this.state = state;
    this.selected = selected;
    this.#tell("changed");
  }

  #tell(name) {
    this.dispatchEvent(new Event(name));
  }

  add(mark) {
    const full = { confidence: null, frame: 0, label: null, ...mark, id: mark.id ?? uuid() };
    this.#become({ ...this.state, normal: false, marks: [...this.state.marks, full] }, { selected: full.id });
    return full;
  }

  // No action, and so no undo step, when it changes nothing.
  change(id, changes) {
    const now = this.mark(id);
    if (!now || Object.keys(changes).every((key) => String(now[key]) === String(changes[key]))) return;
    const marks = this.state.marks.map((mark) => (mark.id === id ? { ...mark, ...changes } : mark));
    this.#become({ ...this.state, marks });
  }

  remove(id) {
    if (!this.mark(id)) return;
    const marks = this.state.marks.filter((mark) => mark.id !== id);
    this.#become({ ...this.state, marks }, { selected: null });
  }

  tick(slug, on) {
    const others = this.ticked.filter((ticked) => ticked !== slug);
    const ticked = on ? [...others, slug] : others;
    this.#become({ ...this.state, ticked, normal: on ? false : this.normal });
  }

  setNormal(on) {
    this.#become(on ? { marks: [], ticked: [], normal: true } : { ...this.state, normal: false }, {
      selected: null,
    });
  }

  replace(state) {
    this.#become({ marks: state.marks ?? [], ticked: state.ticked ?? [], normal: state.normal ?? false }, {
      selected: null,
    });
  }

  // While a box is dragged it is only shown elsewhere: nothing is saved and no undo step made.
  preview(id, box) {
    this.previewed = { id, box };
    this.#tell("previewed");
  }

  // The drag is over: at `box`, or, without one, back where it was.
  endPreview(box = null) {
    const { id } = this.previewed ?? {};
    this.previewed = null;
    if (box) this.change(id, { box });
    this.#tell("previewed");
  }

  select(id) {
    if (this.selected === id) return;
    this.selected = id;
    this.#tell("selected");
  }

  undo() {
    this.#travel(this.past, this.future);
  }

  redo() {
    this.#travel(this.future, this.past);
  }

  #travel(from, to) {
    const step = from.pop();
    if (!step) return;
    to.push({ state: this.state, selected: this.selected });
    this.state = step.state;
    this.selected = this.mark(step.selected) ? step.selected : null;
    this.#tell("changed");
  }
}
