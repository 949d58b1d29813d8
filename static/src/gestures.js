// Mouse, pen and touch on the image: left draws, right windows, middle pans, wheel zooms;
// one finger draws, two fingers pinch and pan; two clicks draw like a drag.

const WHEEL = 1.0015;

export class Gestures {
  // `drawing()` is null while nothing may be drawn, else {label}.
  constructor(element, viewer, overlay, answer, { drawing, onClick = () => {} }) {
    Object.assign(this, { element, viewer, overlay, answer, drawing, onClick });
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

  #begin(event, point) {
    if (event.button === 2) return this.#drag((dx, dy) => this.viewer.windowBy(dx, dy));
    if (event.button === 1 || event.shiftKey) return this.#drag((dx, dy) => this.viewer.panBy(dx, dy));
    if (event.button !== 0) return null;
    const drawing = this.drawing();
    if (!drawing) return this.#drag((dx, dy) => this.viewer.panBy(dx, dy));
    if (this.corner) return this.corner;
    const action = this.overlay.press(point, { touch: event.pointerType === "touch", label: drawing.label });
    return { ...action, draws: true };
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
    if (this.pointers.has(event.pointerId)) {
      this.pointers.set(event.pointerId, point);
      this.action?.move(point);
    } else if (this.corner) {
      this.corner.move(point);
    } else if (this.drawing()) {
      this.element.style.cursor = this.overlay.cursorAt(point);
    } else {
      this.element.style.cursor = "grab";
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
    if (event.pointerType !== "touch") this.corner = action;
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
    if (this.viewer.image.frames > 1 && !event.ctrlKey) {
      this.viewer.show((this.viewer.wanted ?? this.viewer.frame) + Math.sign(event.deltaY));
      return;
    }
    this.viewer.zoomBy(WHEEL ** -event.deltaY, this.point(event));
  }
}
