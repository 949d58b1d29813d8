// Boxes over the image, as SVG: drawn in canvas pixels, redrawn whenever the camera moves.
import { MIN_PIXELS, boxFromCorners, moveBox, partAt, resizeBox, toPixels } from "./geometry.js";

const SVG = "http://www.w3.org/2000/svg";
const REACH = 6; // pixels beside a line that still count as the line
const TOUCH_REACH = 14;
const HANDLES = ["nw", "ne", "sw", "se"];
const CURSORS = { nw: "nwse-resize", se: "nwse-resize", ne: "nesw-resize", sw: "nesw-resize", edge: "move" };

const FLIGHT_MS = 150;
const DOUBLE = "own poorly-located"; // drawn as two lines
const DOUBLE_GAP = 4;

function inset({ x, y, width, height }, by) {
  return { x: x + by, y: y + by, width: Math.max(1, width - 2 * by), height: Math.max(1, height - 2 * by) };
}

function element(name, attributes = {}, text = "") {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text) made.textContent = text;
  return made;
}

export class Overlay {
  // `nameOf(slug)` gives a label's name; `extra()` gives what else is to be shown (the truth).
  constructor(svg, viewer, answer, { nameOf, readOnly = false, extra = () => [] }) {
    Object.assign(this, { svg, viewer, answer, nameOf, readOnly, extra });
    this.hidden = false;
    this.shapes = element("g");
    this.rubber = element("rect", { class: "rubber", visibility: "hidden" });
    svg.append(this.shapes, this.rubber);
    viewer.addEventListener("moved", () => this.draw());
    viewer.addEventListener("frame", () => this.draw());
    for (const name of ["changed", "previewed", "selected"]) answer.addEventListener(name, () => this.draw());
  }

  // The boxes of this image and frame, as {id, box, kind, text, selected}.
  shown() {
    const here = ({ image, frame }) => image === this.viewer.image.id && (frame ?? 0) === this.viewer.frame;
    const own = this.readOnly
      ? []
      : this.answer.marks.filter(here).map((mark) => ({
          id: mark.id,
          box: mark.box,
          kind: mark.label ? "mark" : "mark unlabelled",
          text: mark.label ? this.nameOf(mark.label) + confidenceDots(mark.confidence) : "choose a label",
          selected: mark.id === this.answer.selected,
        }));
    return [...this.extra().filter(here), ...own];
  }

  rectOf(box) {
    const [x0, y0, x1, y1] = toPixels(box, this.viewer.image);
    return [...this.viewer.toCanvas([x0, y0]), ...this.viewer.toCanvas([x1, y1])];
  }

  draw() {
    if (!this.viewer.shown) return;
    this.shapes.replaceChildren(...(this.hidden ? [] : this.shown().map((item) => this.#shape(item))));
  }

  // A box that flies from one place to another, once; not for who wants no motion.
  fly(from, to) {
    if (this.hidden || globalThis.matchMedia?.("(prefers-reduced-motion: reduce)").matches) return;
    const [x, y, right, bottom] = this.rectOf(to);
    const start = this.rectOf(from);
    const [width, height] = [Math.max(1, right - x), Math.max(1, bottom - y)];
    const [across, down] = [(start[2] - start[0]) / width, (start[3] - start[1]) / height];
    const box = element("rect", { class: "flight", x, y, width, height });
    this.svg.append(box);
    const before = `translate(${start[0] - x * across}px, ${start[1] - y * down}px) scale(${across}, ${down})`;
    const flight = box.animate([{ transform: before }, { transform: "none" }], { duration: FLIGHT_MS, easing: "ease-out" });
    flight.finished.catch(() => {}).finally(() => box.remove());
  }

  #shape({ id, box, kind, text, selected, dim }) {
    const [x0, y0, x1, y1] = this.rectOf(box);
    const group = element("g", { class: `box ${kind}${selected ? " selected" : ""}${dim ? " dim" : ""}`, "data-id": id });
    const rect = { x: x0, y: y0, width: Math.max(1, x1 - x0), height: Math.max(1, y1 - y0) };
    group.append(element("rect", { class: "halo", ...rect }), element("rect", { class: "line", ...rect }));
    if (kind === DOUBLE) group.append(element("rect", { class: "line inner", ...inset(rect, DOUBLE_GAP) }));
    // What is the learner's own is named below the box, so that it does not cover the truth's name.
    const above = kind.startsWith("own") ? y1 > this.svg.clientHeight - 20 && y0 > 20 : y0 > 20;
    group.append(element("text", { x: x0, y: above ? y0 - 6 : y1 + 16 }, text));
    if (selected && !this.readOnly) {
      for (const handle of HANDLES) {
        const x = handle.includes("w") ? x0 : x1;
        const y = handle.includes("n") ? y0 : y1;
        group.append(element("rect", { class: "handle", x: x - 4, y: y - 4, width: 8, height: 8 }));
      }
    }
    return group;
  }

  // What lies at a canvas point: {mark, part} of the selected mark first, then of any other's edge.
  at(point, reach = REACH) {
    if (this.hidden) return null;
    const marks = this.shown().filter(({ kind }) => kind.startsWith("mark"));
    marks.sort((a, b) => Number(b.selected) - Number(a.selected));
    for (const mark of marks) {
      const part = partAt(this.rectOf(mark.box), point, reach);
      // Inside a box one may draw another: only lines and corners take hold of a mark.
      if (part && part !== "inside") return { id: mark.id, box: mark.box, part };
    }
    return null;
  }

  cursorAt(point) {
    const hit = this.at(point);
    return hit ? CURSORS[hit.part] : "crosshair";
  }

  // Starts what a press at `point` means; returns {move(point), end(point), cancel()}.
  press(point, { touch = false, label = null } = {}) {
    const hit = this.at(point, touch ? TOUCH_REACH : REACH);
    return hit ? this.#adjust(hit, point) : this.#rubberBand(point, label);
  }

  #adjust({ id, box, part }, start) {
    this.answer.select(id);
    const { width, height } = this.viewer.image;
    const from = this.viewer.toImage(start);
    const changed = (point) => {
      const to = this.viewer.toImage(point);
      const dx = (to[0] - from[0]) / width;
      const dy = (to[1] - from[1]) / height;
      return part === "edge" ? moveBox(box, dx, dy) : resizeBox(box, part, dx, dy);
    };
    let moved = false;
    return {
      move: (point) => {
        moved ||= Math.hypot(point[0] - start[0], point[1] - start[1]) >= MIN_PIXELS;
        if (moved) this.answer.preview(id, changed(point));
      },
      end: (point) => {
        if (moved) this.answer.endPreview(changed(point));
      },
      cancel: () => this.answer.endPreview(),
    };
  }

  #rubberBand(start, label) {
    const from = this.viewer.toImage(start);
    // Where the first corner lies now: the camera may move between two clicks.
    const corner = () => this.viewer.toCanvas(from);
    const show = (point) => {
      const start = corner();
      const rect = { x: Math.min(start[0], point[0]), y: Math.min(start[1], point[1]) };
      const size = { width: Math.abs(point[0] - start[0]), height: Math.abs(point[1] - start[1]) };
      for (const [key, value] of Object.entries({ ...rect, ...size, visibility: "visible" })) {
        this.rubber.setAttribute(key, value);
      }
    };
    const hide = () => this.rubber.setAttribute("visibility", "hidden");
    return {
      move: show,
      // Returns false when the press was a click. The label may have been chosen since.
      end: (point, labelNow = label) => {
        hide();
        const [x, y] = corner();
        const [dx, dy] = [Math.abs(point[0] - x), Math.abs(point[1] - y)];
        if (dx < MIN_PIXELS && dy < MIN_PIXELS) return false;
        if (dx < MIN_PIXELS || dy < MIN_PIXELS) return true; // a line is no box
        const box = boxFromCorners(from, this.viewer.toImage(point), this.viewer.image);
        if (box[0] >= box[2] || box[1] >= box[3]) return true; // wholly beside the image
        this.answer.add({ label: labelNow, image: this.viewer.image.id, frame: this.viewer.frame, box });
        return true;
      },
      cancel: hide,
    };
  }
}

export function confidenceDots(confidence) {
  return confidence ? `  ${"●".repeat(confidence)}${"○".repeat(5 - confidence)}` : "";
}
