// The learner's answer: marks, ticks and their sides, "no abnormality"; one undo step per action.
import { uuid } from "../shell/uuid.js";
import { boxAround, centerOf, hullOf } from "./geometry.js";

// As it is stored and sent a tick is a label, or {label, side} where its side was said.
function stateOf({ marks = [], ticked = [], normal = false, normal_confidence: sure = null }) {
  const pairs = ticked.map((tick) => (typeof tick === "string" ? [tick, null] : [tick.label, SHOWN[tick.side] ?? tick.side]));
  const sides = Object.fromEntries(pairs.filter(([, side]) => side));
  return { marks: marks.map(withOnePlace), ticked: pairs.map(([label]) => label), sides, normal, sure: normal ? sure : null };
}

// The server keeps a box around each point, which would stay behind when the point moves.
function withOnePlace({ box, ...mark }) {
  return mark.point ? mark : { ...mark, box };
}

// Where a mark lies: four numbers are its box, two its point, pairs its outline.
function placeOf(place) {
  if (Array.isArray(place[0])) return { outline: place, box: hullOf(place) };
  return place.length === 2 ? { point: place } : { box: place };
}
const SHOWN = { bilateral: "both" };

// What of a mark is dated when it changes; its confidence is not.
const DATED = ["box", "point", "outline", "label"];

export class Answer extends EventTarget {
  // `clock()` gives the milliseconds that the case has been open; without it marks carry no times. `asksChange` says
  // that marks are asked what has become of them since a prior film: then they say so, or that they do not.
  constructor(stored = {}, clock = null, { asksChange = false } = {}) {
    super();
    this.clock = clock;
    this.asksChange = asksChange;
    this.state = stateOf(stored);
    this.past = [];
    this.future = [];
    this.selected = null;
    this.previewed = null;
  }

  // As they are shown: what is being dragged lies where it was dragged to.
  get marks() {
    if (!this.previewed) return this.state.marks;
    const { id, place } = this.previewed;
    return this.state.marks.map((mark) => (mark.id === id ? { ...mark, ...placeOf(place) } : mark));
  }

  get ticked() {
    return this.state.ticked;
  }

  // Label → right, left or both, of those ticks whose side was said.
  get sides() {
    return this.state.sides;
  }

  get normal() {
    return this.state.normal;
  }

  // How sure the learner is that nothing is abnormal, 1 to 5, or null.
  get sure() {
    return this.state.sure;
  }

  mark(id) {
    return this.marks.find((mark) => mark.id === id) ?? null;
  }

  get isEmpty() {
    return !this.marks.length && !this.ticked.length && !this.normal;
  }

  // What is sent: a box without a label is not an answer yet.
  get complete() {
    const { marks, ticked, sides, normal, sure } = this.state;
    return {
      marks: marks.filter((mark) => mark.label).map((mark) => this.#compared(mark)),
      ticked: ticked.map((label) => (sides[label] ? { label, side: sides[label] } : label)),
      normal,
      ...(normal && sure && { normal_confidence: sure }),
    };
  }

  #compared(mark) {
    return this.asksChange ? { ...mark, change: mark.change ?? null } : mark;
  }

  get unlabeled() {
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
    const full = { confidence: null, frame: 0, label: null, ...mark, id: mark.id ?? uuid(), ...this.#dated("drawn_ms") };
    this.#become({ ...this.state, normal: false, sure: null, marks: [...this.state.marks, full] }, { selected: full.id });
    return full;
  }

  // No action, and so no undo step, when it changes nothing.
  change(id, changes) {
    const now = this.mark(id);
    if (!now || Object.keys(changes).every((key) => String(now[key]) === String(changes[key]))) return;
    const full = { ...changes, ...(this.#isDated(now, changes) && this.#dated("changed_ms")) };
    const marks = this.state.marks.map((mark) => (mark.id === id ? { ...mark, ...full } : mark));
    this.#become({ ...this.state, marks });
  }

  #dated(name) {
    return this.clock ? { [name]: Math.round(this.clock()) } : {};
  }

  // The label that a new box waits for belongs to its drawing.
  #isDated(mark, changes) {
    return DATED.some((key) => key in changes && String(mark[key]) !== String(changes[key])) && Boolean(mark.label);
  }

  // Another label; of a device, which is a point, the middle of the box, and the reverse.
  relabel(id, label, isPoint = false) {
    const { box, point, outline } = this.mark(id);
    if (isPoint && !point) this.change(id, { label, point: centerOf(box), box: undefined, ...(outline && { outline: undefined }) });
    else if (!isPoint && point) this.change(id, { label, box: boxAround(point), point: undefined, position: undefined });
    else this.change(id, { label, ...(point && { position: undefined }) });
  }

  // Devices whose position was neither called right nor wrong.
  get unjudged() {
    return this.marks.filter(({ point, position }) => point && !position);
  }

  remove(id) {
    if (!this.mark(id)) return;
    const marks = this.state.marks.filter((mark) => mark.id !== id);
    this.#become({ ...this.state, marks }, { selected: null });
  }

  tick(slug, on) {
    const others = this.ticked.filter((ticked) => ticked !== slug);
    const ticked = on ? [...others, slug] : others;
    const { [slug]: _, ...sides } = this.sides;
    this.#become({ ...this.state, ticked, sides, ...(on && { normal: false, sure: null }) });
  }

  // The side of a ticked finding: right, left, both, or null to leave it open.
  side(slug, side) {
    if (!this.ticked.includes(slug) || (this.sides[slug] ?? null) === side) return;
    const { [slug]: _, ...others } = this.sides;
    this.#become({ ...this.state, sides: side ? { ...others, [slug]: side } : others });
  }

  setNormal(on) {
    this.#become(on ? stateOf({ normal: true }) : { ...this.state, normal: false, sure: null }, {
      selected: null,
    });
  }

  // How sure; the same level again takes it back.
  beSure(level) {
    if (this.normal) this.#become({ ...this.state, sure: this.sure === level ? null : level });
  }

  replace(stored) {
    this.#become(stateOf(stored), { selected: null });
  }

  // While a box or point is dragged it is only shown elsewhere: nothing is saved and no undo step made.
  preview(id, place) {
    this.previewed = { id, place };
    this.#tell("previewed");
  }

  // The drag is over: at `place`, or, without one, back where it was.
  endPreview(place = null) {
    const { id } = this.previewed ?? {};
    this.previewed = null;
    if (place) this.change(id, placeOf(place));
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
