// A round lens under the pointer, painted from the image's own pixels.
import { paint } from "./paint.js";

const SIZE = 240; // CSS pixels across
const FACTOR = 2.5;
const HELD_MS = 350; // longer than this, letting go of the key puts the lens away

export class Magnifier {
  constructor(views) {
    this.views = views;
    this.on = false;
  }

  // Shows the lens of a view at a canvas point; without a point where it was last, or in the middle.
  draw(view, point = view.lensAt ?? middleOf(view)) {
    view.lensAt = point;
    const { lens, viewer } = view;
    if (!this.on || !viewer.shown) return;
    for (const other of this.views) if (other !== view && other.lens) other.lens.hidden = true;
    const ratio = globalThis.devicePixelRatio || 1;
    lens.width = lens.height = Math.round(SIZE * ratio);
    lens.hidden = false;
    lens.style.left = `${point[0] - SIZE / 2}px`;
    lens.style.top = `${point[1] - SIZE / 2}px`;
    const context = lens.getContext("2d");
    if (!context) return;
    const shown = context.createImageData(lens.width, lens.height);
    const step = 1 / (viewer.scale() * FACTOR * ratio);
    const [x, y] = viewer.toImage(point);
    const down = step / (viewer.aspect ?? 1);
    const half = lens.width / 2;
    const { window, inverted } = viewer;
    paint(viewer.rendition, shown, { left: x - half * step, top: y - half * down, step, down, window, inverted });
    context.putImageData(shown, 0, 0);
  }

  toggle(view) {
    this.on = !this.on;
    if (this.on) this.draw(view);
    else for (const { lens } of this.views) if (lens) lens.hidden = true;
  }

  // A key that is held shows the lens while it is held; pressed shortly it stays.
  press(view) {
    this.pressedAt = this.on ? null : performance.now();
    this.toggle(view);
  }

  // Returns whether the lens went away.
  release(view) {
    const held = this.on && this.pressedAt && performance.now() - this.pressedAt > HELD_MS;
    this.pressedAt = null;
    if (held) this.toggle(view);
    return Boolean(held);
  }
}

function middleOf({ element }) {
  return [element.clientWidth / 2, element.clientHeight / 2];
}
