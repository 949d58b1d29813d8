// Mouse, pen and touch on the image. Unless bound otherwise left draws, right windows, middle pans, the wheel
// zooms; one finger draws, two fingers pinch and pan; two clicks draw like a drag.
import { MOUSE } from "../shell/bindings.js";

const WHEEL = 1.0015;
const DRAG = 1.01; // zoom a pixel of a zooming drag
const SLICE_PIXELS = 6;
const NOTCH = 30; // wheel pixels that make one slice

export class Gestures {
  // `drawing()` is null while nothing may be drawn, else {label}; `mouse()` what each button does;
  // `measures` the view's measurements, which come before boxes; `hover(point)` is told of each move.
  constructor(element, viewer, overlay, answer, options) {
    const { drawing, onClick = () => {}, mouse = () => MOUSE, measures = null, hover = () => {} } = options;
    Object.assign(this, { element, viewer, overlay, answer, drawing, onClick, mouse, measures, hover });
    this.pointers = new Map();
    this.action = null;
    this.corner = null; // first click of a two-click box
    element.addEventListener("pointerdown", (event) => this.down(event));
    element.addEventListener("pointermove", (event) => this.move(event));
    element.addEventListener("pointerup", (event) => this.up(event));
    element.addEventListener("pointercancel", (event) => this.cancel(event));
    element.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    element.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  point(event) {
    const rect = this.element.getBoundingClientRect();
    return [event.clientX - rect.left, event.clientY - rect.top];
  }

  down(event) {
    if (!this.viewer.shown) return;
    if (event.button === 1) event.preventDefault();
    this.element.setPointerCapture(event.pointerId);
    this.element.focus({ preventScroll: true });
    const point = this.point(event);
    this.pointers.set(event.pointerId, point);
    if (this.pointers.size === 2) {
      this.action?.cancel?.();
      this.action = this.#pinch();
      return;
    }
    if (this.pointers.size > 2) return;
    this.start = point;
    this.action = this.#begin(event, point);
  }

  #roleOf({ button, shiftKey }) {
    const mouse = this.mouse();
    if (button === 0) return shiftKey ? mouse.shift : mouse.left;
    return { 1: mouse.middle, 2: mouse.right }[button] ?? null;
  }

  #begin(event, point) {
    const role = this.#roleOf(event);
    if (role === "window") return this.#drag((dx, dy) => this.viewer.windowBy(dx, dy));
    if (role === "zoom") return this.#drag((_, dy) => this.viewer.zoomBy(DRAG ** -dy, point));
    if (role === "scroll") return this.#scroll();
    if (role === "draw") return this.#draw(event, point);
    return role && this.#drag((dx, dy) => this.viewer.panBy(dx, dy));
  }

  #draw(event, point) {
    const touch = event.pointerType === "touch";
    if (this.corner) return this.corner;
    const measuring = this.measures?.press(point, { touch });
    if (measuring) {
      this.answer.select(null);
      return measuring;
    }
    const drawing = this.drawing();
    if (!drawing) return this.#drag((dx, dy) => this.viewer.panBy(dx, dy));
    const action = this.overlay.press(point, { touch, label: drawing.label });
    return { ...action, draws: true };
  }

  // A slice for every few pixels up or down.
  #scroll() {
    const { frame } = this.viewer;
    const from = this.start[1];
    return {
      move: ([, y]) => this.viewer.show(frame + Math.round((y - from) / SLICE_PIXELS)),
      end: () => true,
    };
  }

  #drag(step) {
    let last = this.start;
    return {
      move: (point) => {
        step(point[0] - last[0], point[1] - last[1]);
        last = point;
      },
      end: () => true,
    };
  }

  #pinch() {
    const measure = () => {
      const [a, b] = [...this.pointers.values()];
      return {
        middle: [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2],
        apart: Math.hypot(a[0] - b[0], a[1] - b[1]) || 1,
      };
    };
    let last = measure();
    return {
      move: () => {
        if (this.pointers.size < 2) return;
        const now = measure();
        this.viewer.panBy(now.middle[0] - last.middle[0], now.middle[1] - last.middle[1]);
        this.viewer.zoomBy(now.apart / last.apart, now.middle);
        last = now;
      },
      end: () => true,
    };
  }

  move(event) {
    if (!this.viewer.shown) return;
    if (this.corner && !this.drawing()) this.abandon();
    const point = this.point(event);
    this.hover(point);
    if (this.pointers.has(event.pointerId)) {
      this.pointers.set(event.pointerId, point);
      this.action?.move?.(point);
    } else if (this.corner) {
      this.corner.move(point);
    } else {
      this.measures?.hover(point);
      const idle = () => (this.drawing() ? this.overlay.cursorAt(point) : "grab");
      this.element.style.cursor = this.measures?.cursorAt(point) ?? idle();
    }
  }

  up(event) {
    if (!this.pointers.delete(event.pointerId)) return;
    const action = this.action;
    if (this.pointers.size === 0) this.action = null;
    const done = action?.end(this.point(event), this.drawing()?.label);
    if (!action?.draws) return;
    if (this.corner) {
      if (done !== false) this.corner = null;
    } else if (done === false) {
      this.#click(action, event);
    }
  }

  // A click beside every line: the first corner of a two-click box, and nothing is selected.
  #click(action, event) {
    this.answer.select(null);
    this.onClick(event);
    // A finger or pen shows no band between two taps: there the corner would lie unseen.
    if (!["touch", "pen"].includes(event.pointerType)) this.corner = action;
  }

  // Esc: forget a half-drawn box. Returns whether there was one.
  abandon() {
    const had = Boolean(this.corner || this.action?.draws);
    this.corner?.cancel();
    this.action?.cancel?.();
    this.corner = null;
    this.action = null;
    return had;
  }

  cancel(event) {
    this.pointers.delete(event.pointerId);
    this.action?.cancel?.();
    this.action = null;
  }

  wheel(event) {
    event.preventDefault();
    if (!this.viewer.shown) return;
    const scrolls = (this.mouse().stackWheel === "scroll") !== event.ctrlKey;
    if (this.viewer.image.frames > 1 && scrolls) {
      const slices = this.#notches(event);
      if (slices) this.viewer.show((this.viewer.wanted ?? this.viewer.frame) + slices);
      return;
    }
    this.viewer.zoomBy(WHEEL ** -event.deltaY, this.point(event));
  }

  // One slice a notch of a mouse wheel; a touchpad's many small turns add up to notches.
  #notches({ deltaY, deltaMode }) {
    if (deltaMode !== 0 || Math.abs(deltaY) >= NOTCH) {
      this.turned = 0;
      return Math.sign(deltaY);
    }
    this.turned = (this.turned ?? 0) + deltaY;
    const whole = Math.trunc(this.turned / NOTCH);
    this.turned -= whole * NOTCH;
    return whole;
  }
}
