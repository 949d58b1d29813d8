// The hanging protocol: which image hangs where. Frontal left, lateral right; this study before prior ones.

const FRONTAL = ["PA", "AP", "FRONTAL"];
export const COUNTS = [1, 2, 4];

const rankOf = ({ view }) => (FRONTAL.includes(view) ? 0 : view === "LATERAL" ? 1 : 2);
export const isPrior = ({ study }) => study === "prior";
export const isFrontal = ({ view }) => FRONTAL.includes(view);

// Indices of the images in the order in which they are hung.
export function hangingOrder(images) {
  const key = (index) => [Number(isPrior(images[index])), rankOf(images[index]), index];
  return images.map((_, index) => index).sort((a, b) => compare(key(a), key(b)));
}

function compare(a, b) {
  const at = a.findIndex((value, place) => value !== b[place]);
  return at < 0 ? 0 : a[at] - b[at];
}

const LEAST_WIDTH = 220; // pixels of a pane in which an image can be read

export class Hanging {
  // `width` is the room for all panes, in pixels.
  constructor(images, width = Infinity) {
    this.order = hangingOrder(images);
    const all = images.length > 2 ? 4 : images.length;
    this.show(width < 2 * LEAST_WIDTH ? Math.min(1, all) : all);
  }

  // Whether an image hangs nowhere for want of room.
  get isShort() {
    return this.slots.length < this.order.length;
  }

  // So many panes (1, 2 or 4), of which those stay that hang already.
  show(count) {
    this.count = count;
    const kept = (this.slots ?? []).slice(0, count);
    const others = this.order.filter((index) => !kept.includes(index));
    this.slots = [...kept, ...others].slice(0, count);
    if (!this.arranged) this.slots.sort((a, b) => this.order.indexOf(a) - this.order.indexOf(b));
  }

  // Hangs further images beside the one of `first`, and them alone; `takeDown` brings back what hung before.
  add(indices, first, width = Infinity) {
    this.before ??= { slots: this.slots, count: this.count, order: this.order, arranged: this.arranged };
    const isNarrow = width < 2 * LEAST_WIDTH;
    this.order = [...this.before.order, ...indices];
    const wanted = isNarrow ? [indices[0]] : [first, ...indices];
    Object.assign(this, { slots: wanted, count: isNarrow ? 1 : 4, arranged: true });
  }

  takeDown() {
    Object.assign(this, this.before);
    this.before = null;
  }

  // The numbers of panes that make sense for these images.
  get choices() {
    return COUNTS.filter((count, place) => place === 0 || this.order.length > COUNTS[place - 1]);
  }

  nextCount() {
    const { choices } = this;
    return choices[(choices.indexOf(this.count) + 1) % choices.length];
  }

  // Hangs an image where another hangs, unless it hangs somewhere already.
  bring(index, instead) {
    if (this.slots.includes(index)) return;
    const place = Math.max(0, this.slots.indexOf(instead));
    this.slots[place] = index;
  }

  // What comes after this image: beside it or, when all is on one pane, in its place.
  after(index) {
    const sequence = [...this.slots, ...this.order.filter((other) => !this.slots.includes(other))];
    const next = this.slots.length < this.order.length ? this.order : sequence;
    return next[(next.indexOf(index) + 1) % next.length];
  }

  // This image and the one after it change places.
  swap(index) {
    if (this.slots.length < 2) return false;
    const here = Math.max(0, this.slots.indexOf(index));
    const there = (here + 1) % this.slots.length;
    [this.slots[here], this.slots[there]] = [this.slots[there], this.slots[here]];
    this.arranged = true;
    return true;
  }
}
