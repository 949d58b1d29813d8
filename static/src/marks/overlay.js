// Boxes and points over the image, as SVG: drawn in canvas pixels, redrawn whenever the camera moves.
import { MIN_PIXELS, boxFromCorners, clamp, distanceTo, hullOf, moveBox, moveOutline, movePoint, partAt, pointFromPixels, resizeBox, simplified, toPixels } from "./geometry.js";
import { crossPath, pathThrough, svgElement as element, twice } from "./pins.js";

const POINT_REACH = 2; // times as far: a point has no line to take hold of
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

export class Overlay {
  // `nameOf(slug)` gives a label's name; `isPoint(slug)` says which are marked by a point;
  // `extra()` gives what else is to be shown (the truth); `outlining()` says whether outlines are drawn, not boxes.
  constructor(svg, viewer, answer, { nameOf, isPoint = () => false, readOnly = false, extra = () => [], outlining = () => false }) {
    Object.assign(this, { svg, viewer, answer, nameOf, isPoint, readOnly, extra, outlining });
    this.hidden = false;
    this.shapes = element("g");
    this.rubber = element("rect", { class: "rubber", visibility: "hidden" });
    this.pin = element("path", { class: "rubber", visibility: "hidden" });
    svg.append(this.shapes, this.rubber, this.pin);
    viewer.addEventListener("moved", () => this.draw());
    viewer.addEventListener("frame", () => this.draw());
    for (const name of ["changed", "previewed", "selected"]) answer.addEventListener(name, () => this.draw());
  }

  // The boxes and points of this image and frame, as {id, box, point, kind, text, selected}.
  shown() {
    const here = ({ image, frame }) => image === this.viewer.image.id && (frame ?? 0) === this.viewer.frame;
    const own = this.readOnly
      ? []
      : this.answer.marks.filter(here).map((mark) => ({
          id: mark.id,
          box: mark.box,
          point: mark.point,
          outline: mark.outline,
          path: mark.path && [...mark.path.slice(0, -1), mark.point],
          kind: mark.label ? "mark" : "mark unlabeled",
          text: mark.label ? this.nameOf(mark.label) + confidenceDots(mark.confidence) : "choose a label",
          selected: mark.id === this.answer.selected,
        }));
    return [...this.extra().filter(here), ...own];
  }

  #onCanvas([x, y]) {
    const { width, height } = this.viewer.image;
    return this.viewer.toCanvas([x * width, y * height]);
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

  #shape(item) {
    const { id, kind, selected, dim, point } = item;
    const group = element("g", { class: `box ${kind}${selected ? " selected" : ""}${dim ? " dim" : ""}`, "data-id": id });
    if (point) this.#drawPoint(group, item);
    else this.#drawBox(group, item);
    return group;
  }

  #drawPoint(group, { point, path, kind, text }) {
    const at = this.#onCanvas(point);
    if (path?.length > 1) {
      const way = element("g", { class: "way" });
      way.append(...twice(pathThrough(path.map((one) => this.#onCanvas(one)))));
      group.append(way);
    }
    group.append(...twice(crossPath(at, kind.startsWith("own"))));
    // What is the learner's own is named below, the truth above, as of boxes.
    const below = kind.startsWith("own") || at[1] < 30;
    const toRight = this.svg.clientWidth > 0 && at[0] > this.svg.clientWidth * 0.6;
    const x = at[0] + (toRight ? -14 : 14);
    group.append(element("text", { x, y: at[1] + (below ? 22 : -14), ...(toRight && { "text-anchor": "end" }) }, text));
  }

  #drawBox(group, { box, outline, kind, text, selected }) {
    const [x0, y0, x1, y1] = this.rectOf(box);
    const rect = { x: x0, y: y0, width: Math.max(1, x1 - x0), height: Math.max(1, y1 - y0) };
    if (outline?.length) group.append(...twice(pathThrough(outline.map((one) => this.#onCanvas(one)), true)));
    else group.append(element("rect", { class: "halo", ...rect }), element("rect", { class: "line", ...rect }));
    if (kind === DOUBLE) group.append(element("rect", { class: "line inner", ...inset(rect, DOUBLE_GAP) }));
    // What is the learner's own is named below the box, so that it does not cover the truth's name.
    const above = kind.startsWith("own") ? y1 > this.svg.clientHeight - 20 && y0 > 20 : y0 > 20;
    // Far right the name ends with the box, so that the pane's edge does not cut it.
    const toRight = this.svg.clientWidth > 0 && x0 > this.svg.clientWidth * 0.6;
    const at = toRight ? { x: x1, "text-anchor": "end" } : { x: x0 };
    group.append(element("text", { ...at, y: above ? y0 - 6 : y1 + 16 }, text));
    if (selected && !this.readOnly && outline?.length) {
      for (const [x, y] of outline.map((one) => this.#onCanvas(one))) {
        group.append(element("rect", { class: "handle", x: x - 3, y: y - 3, width: 6, height: 6 }));
      }
    } else if (selected && !this.readOnly) {
      for (const handle of HANDLES) {
        const x = handle.includes("w") ? x0 : x1;
        const y = handle.includes("n") ? y0 : y1;
        group.append(element("rect", { class: "handle", x: x - 4, y: y - 4, width: 8, height: 8 }));
      }
    }
  }

  // What lies at a canvas point: {mark, part} of the selected mark first, then of any other's edge.
  at(point, reach = REACH) {
    if (this.hidden) return null;
    const marks = this.shown().filter(({ kind }) => kind.startsWith("mark"));
    marks.sort((a, b) => Number(b.selected) - Number(a.selected));
    for (const mark of marks) {
      const part = this.#partOf(mark, point, reach);
      // Inside a box one may draw another: only lines and corners take hold of a mark.
      if (part !== null && part !== "inside") return { id: mark.id, place: mark.point ?? mark.outline ?? mark.box, part };
    }
    return null;
  }

  #partOf(mark, point, reach) {
    if (mark.point) return this.#pointAt(mark, point, reach);
    return mark.outline?.length ? this.#outlineAt(mark, point, reach) : partAt(this.rectOf(mark.box), point, reach);
  }

  // A corner of the selected outline by its number, or "edge" on the line of any.
  #outlineAt(mark, [x, y], reach) {
    const corners = mark.outline.map((one) => this.#onCanvas(one));
    const corner = mark.selected ? corners.findIndex(([cx, cy]) => Math.hypot(cx - x, cy - y) <= reach) : -1;
    if (corner >= 0) return corner;
    const isNear = (corner, index) => distanceTo([x, y], corner, corners[(index + 1) % corners.length]) <= reach;
    return corners.some(isNear) ? "edge" : null;
  }

  #pointAt(mark, [x, y], reach) {
    const [px, py] = this.#onCanvas(mark.point);
    return Math.hypot(x - px, y - py) <= POINT_REACH * reach ? "edge" : null;
  }

  cursorAt(point) {
    const hit = this.at(point);
    return hit ? (CURSORS[hit.part] ?? "move") : "crosshair";
  }

  // Starts what a press at `point` means; returns {move(point), end(point), cancel()}.
  press(point, { touch = false, label = null } = {}) {
    const hit = this.at(point, touch ? TOUCH_REACH : REACH);
    if (hit) return this.#adjust(hit, point);
    if (label && this.isPoint(label)) return this.#setPin(label);
    return this.outlining() ? this.#lasso(point, label) : this.#rubberBand(point, label);
  }

  // A point is set where the press ends, so that it can be brought to its place before.
  #setPin(label) {
    const hide = () => this.pin.setAttribute("visibility", "hidden");
    return {
      move: (point) => {
        this.pin.setAttribute("d", crossPath(point));
        this.pin.setAttribute("visibility", "visible");
      },
      end: (point) => {
        hide();
        const { image, frame } = this.viewer;
        const at = pointFromPixels(this.viewer.toImage(point), image);
        if (at) this.answer.add({ label, image: image.id, frame, point: at });
        return true;
      },
      cancel: hide,
    };
  }

  #adjust({ id, place, part }, start) {
    this.answer.select(id);
    const { width, height } = this.viewer.image;
    const from = this.viewer.toImage(start);
    const changed = (point) => {
      const to = this.viewer.toImage(point);
      const dx = (to[0] - from[0]) / width;
      const dy = (to[1] - from[1]) / height;
      if (Array.isArray(place[0])) return reshaped(place, part, dx, dy);
      if (place.length === 2) return movePoint(place, dx, dy);
      return part === "edge" ? moveBox(place, dx, dy) : resizeBox(place, part, dx, dy);
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

  // An outline is drawn by hand, and closes where the press ends.
  #lasso(start, label) {
    const { image, frame } = this.viewer;
    const line = [this.viewer.toImage(start)];
    const hide = () => this.pin.setAttribute("visibility", "hidden");
    return {
      move: (point) => {
        line.push(this.viewer.toImage(point));
        this.pin.setAttribute("d", pathThrough(line.map((one) => this.viewer.toCanvas(one)), true));
        this.pin.setAttribute("visibility", "visible");
      },
      end: (point, labelNow = label) => {
        hide();
        const reach = Math.max(0.5, image.width / this.svg.clientWidth || 0); // a pixel of image or screen
        const corners = simplified(line, reach).map(([x, y]) => [clamp(x / image.width, 0, 1), clamp(y / image.height, 0, 1)]);
        const box = corners.length > 2 ? hullOf(corners) : null;
        if (box && box[0] < box[2] && box[1] < box[3]) this.answer.add({ label: labelNow, image: image.id, frame, outline: corners, box });
        return true; // a click is no corner of a box
      },
      cancel: hide,
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

// An outline with one corner moved, by its number, or all of it.
function reshaped(outline, part, dx, dy) {
  if (part === "edge") return moveOutline(outline, dx, dy).outline;
  return outline.map((corner, index) => (index === part ? movePoint(corner, dx, dy) : corner));
}

export function confidenceDots(confidence) {
  return confidence ? `  ${"●".repeat(confidence)}${"○".repeat(5 - confidence)}` : "";
}
