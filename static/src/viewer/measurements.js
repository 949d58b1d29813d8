// The measurements on all images of a case: kept for this page only, never part of an answer.
import { KINDS } from "./measure.js";

export class Measurements extends EventTarget {
  constructor() {
    super();
    this.list = [];
    this.draft = null; // one that still lacks points
    this.tool = null; // the kind that a click would begin or go on with
    this.selected = null;
    this.next = 1;
  }

  #tell() {
    this.dispatchEvent(new Event("changed"));
  }

  // Takes up a tool, or puts it down when it is held already.
  take(kind) {
    this.draft = null;
    this.tool = this.tool === kind ? null : kind;
    this.#tell();
  }

  // Esc: the half-made one, then the tool. Returns whether there was either.
  putDown() {
    const had = Boolean(this.tool);
    if (this.draft) this.draft = null;
    else this.tool = null;
    if (had) this.#tell();
    return had;
  }

  // What to do next with the tool in hand; empty without one.
  get instruction() {
    return this.tool ? KINDS[this.tool].steps[this.draft?.points.length ?? 0] : "";
  }

  // Adds a point on an image and frame. The last point finishes the measurement and puts the tool down.
  add(image, frame, point) {
    if (!this.tool) return;
    if (this.draft && (this.draft.image !== image || this.draft.frame !== frame)) this.draft = null;
    this.draft ??= { id: this.next++, kind: this.tool, image, frame, points: [] };
    this.draft.points.push(point);
    if (this.draft.points.length === KINDS[this.tool].points) {
      this.list.push(this.draft);
      this.selected = this.draft.id;
      this.draft = null;
      this.tool = null;
    }
    this.#tell();
  }

  // Takes the last point back: what was pressed as a drag turned out to be something else.
  unadd() {
    if (!this.draft) return;
    this.draft.points.pop();
    if (!this.draft.points.length) this.draft = null;
    this.#tell();
  }

  move(id, index, point) {
    const found = this.list.find((one) => one.id === id);
    if (!found) return;
    found.points[index] = point;
    this.#tell();
  }

  select(id) {
    if (this.selected === id) return;
    this.selected = id;
    this.#tell();
  }

  // Deletes the selected one. Returns whether there was one.
  remove() {
    const before = this.list.length;
    this.list = this.list.filter(({ id }) => id !== this.selected);
    this.selected = null;
    if (this.list.length < before) this.#tell();
    return this.list.length < before;
  }

  clear() {
    const had = this.list.length > 0 || this.draft !== null;
    Object.assign(this, { list: [], draft: null, selected: null });
    if (had) this.#tell();
    return had;
  }

  // Those of one image and frame, the half-made one included.
  on(image, frame) {
    const all = this.draft ? [...this.list, this.draft] : this.list;
    return all.filter((one) => one.image === image && one.frame === frame);
  }
}
