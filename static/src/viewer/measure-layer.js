// Measurements over one image, as SVG in canvas pixels; and what a press on or beside them means.
import { MIN_PIXELS } from "../marks/geometry.js";
import { textsOf } from "./measure.js";

const SVG = "http://www.w3.org/2000/svg";
const REACH = 8; // pixels beside a point or a line that still count
const TOUCH_REACH = 18;
const LINE = 17; // from one line of text to the next
const ROOM = 120; // that a text needs

function shape(name, attributes, text = "") {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text) made.textContent = text;
  return made;
}

const lineOf = ([x1, y1], [x2, y2], name = "line") => ({ name, x1, y1, x2, y2 });

// The lines of a measurement, its points given on the canvas. A ratio's widths are horizontal,
// with thin lines down or up to the borders that were clicked.
export function linesOf({ kind }, points) {
  if (points.length < 2) return [];
  if (kind === "length") return [lineOf(points[0], points[1])];
  if (kind === "angle") return points.slice(1).map((point, index) => lineOf(points[index], point));
  const lines = [];
  for (let pair = 0; pair + 1 < points.length; pair += 2) {
    const [a, b] = [points[pair], points[pair + 1]];
    const level = (a[1] + b[1]) / 2;
    lines.push(lineOf([a[0], level], [b[0], level]));
    lines.push(lineOf(a, [a[0], level], "plumb"), lineOf(b, [b[0], level], "plumb"));
  }
  return lines;
}

export class MeasureLayer {
  constructor(svg, viewer, measurements) {
    Object.assign(this, { svg, viewer, measurements });
    this.hidden = false;
    this.pointer = null; // where the next point would be, on the canvas
    this.group = shape("g", { class: "measures" });
    svg.append(this.group);
    for (const name of ["moved", "frame"]) viewer.addEventListener(name, () => this.draw());
    measurements.addEventListener("changed", () => this.draw());
  }

  #shown() {
    return this.measurements.on(this.viewer.image.id, this.viewer.frame);
  }

  draw() {
    if (!this.viewer.shown) return;
    this.group.replaceChildren(...(this.hidden ? [] : this.#shown().map((one) => this.#drawn(one))));
  }

  #drawn(one) {
    const isDraft = one === this.measurements.draft;
    const points = one.points.map((point) => this.viewer.toCanvas(point));
    const ahead = isDraft && this.pointer ? this.pointer : null;
    const shown = ahead ? [...points, ahead] : points;
    const measured = ahead ? { ...one, points: [...one.points, this.viewer.toImage(ahead)] } : one;
    const selected = one.id === this.measurements.selected;
    const group = shape("g", { class: `measure ${one.kind}${selected ? " selected" : ""}`, "data-id": one.id });
    for (const { name, ...ends } of linesOf(one, shown)) {
      group.append(shape("line", { class: `halo ${name}`, ...ends }), shape("line", { class: name, ...ends }));
    }
    for (const [cx, cy] of points) group.append(shape("circle", { cx, cy, r: selected || isDraft ? 4 : 2.5 }));
    const texts = textsOf(measured, this.viewer.image.spacing_mm);
    if (texts.length) group.append(this.#label(shown, texts));
    return group;
  }

  // Beside the last point, but not out of the pane; one line below the other.
  #label(points, texts) {
    const [x, y] = points[points.length - 1];
    const { clientWidth, clientHeight } = this.svg;
    const turned = clientWidth > 0 && x > clientWidth - ROOM;
    const at = { x: turned ? x - 12 : x + 12, "text-anchor": turned ? "end" : "start" };
    const top = clientHeight ? Math.min(y + 4, clientHeight - LINE * texts.length) : y + 4;
    const label = shape("text", { ...at, y: Math.max(LINE, top) });
    label.append(...texts.map((text, line) => shape("tspan", { x: at.x, dy: line ? LINE : 0 }, text)));
    return label;
  }

  // {id, index} of a point, or {id} of a line at a canvas point; null for neither.
  at(point, reach = REACH) {
    if (this.hidden) return null;
    for (const one of this.#shown().filter(({ id }) => id !== this.measurements.draft?.id).reverse()) {
      const points = one.points.map((each) => this.viewer.toCanvas(each));
      const index = points.findIndex(([x, y]) => Math.hypot(x - point[0], y - point[1]) <= reach);
      if (index >= 0) return { id: one.id, index };
      if (linesOf(one, points).some((line) => distanceTo(line, point) <= reach / 2)) return { id: one.id };
    }
    return null;
  }

  cursorAt(point) {
    if (this.measurements.tool) return "crosshair";
    const hit = this.at(point);
    return hit ? (hit.index === undefined ? "pointer" : "move") : null;
  }

  hover(point) {
    this.pointer = point;
    if (this.measurements.draft) this.draw();
  }

  // What a press here begins, {move, end, cancel}; null when it is not about measurements.
  press(point, { touch = false } = {}) {
    if (this.measurements.tool) return this.#placing(point);
    const hit = this.at(point, touch ? TOUCH_REACH : REACH);
    this.measurements.select(hit?.id ?? null);
    if (!hit) return null;
    return hit.index === undefined ? this.#nothing() : this.#dragging(hit);
  }

  #nothing() {
    return { move: () => {}, end: () => true, cancel: () => {} };
  }

  #dragging({ id, index }) {
    const { measurements, viewer } = this;
    return { ...this.#nothing(), move: (to) => measurements.move(id, index, viewer.toImage(to)) };
  }

  // Pressing sets a point; letting go elsewhere sets the next one.
  #placing(start) {
    const { image, frame } = this.viewer;
    const { measurements } = this;
    measurements.add(image.id, frame, this.viewer.toImage(start));
    return {
      move: (point) => this.hover(point),
      end: (point) => {
        this.pointer = point;
        const far = Math.hypot(point[0] - start[0], point[1] - start[1]) >= 2 * MIN_PIXELS;
        if (far && measurements.draft) measurements.add(image.id, frame, this.viewer.toImage(point));
        return true;
      },
      cancel: () => measurements.unadd(),
    };
  }
}

function distanceTo({ x1, y1, x2, y2 }, [x, y]) {
  const square = (x2 - x1) ** 2 + (y2 - y1) ** 2 || 1;
  const part = Math.min(1, Math.max(0, ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / square));
  return Math.hypot(x - x1 - part * (x2 - x1), y - y1 - part * (y2 - y1));
}
