// Drawing by keyboard: a crosshair moved by the arrows; Enter sets one corner, then the other, or a single point.
import { boxFromCorners, clamp, pointFromPixels } from "./geometry.js";

const SVG = "http://www.w3.org/2000/svg";
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class KeyboardCrosshair {
  // `measuring(point)` takes a point where a measuring tool is in hand, and returns whether it did;
  // `isPoint(slug)` says which labels are marked by a point.
  constructor(svg, view, answer, activeLabel, { measuring = () => false, isPoint = () => false } = {}) {
    Object.assign(this, { svg, view, answer, activeLabel, measuring, isPoint });
    this.on = false;
    this.telling = null; // hears each place where nothing is drawn any more: image pixels
    this.group = document.createElementNS(SVG, "g");
    this.group.setAttribute("class", "crosshair");
    svg.append(this.group);
    view.viewer.addEventListener("moved", () => this.draw());
  }

  toggle() {
    this.on = !this.on;
    this.corner = null;
    if (this.on && !this.at) this.at = [this.view.image.width / 2, this.view.image.height / 2];
    this.draw();
    if (this.on) this.telling?.(this.at);
  }

  switchOff() {
    if (this.on) this.toggle();
  }

  // Returns whether the key was meant for the crosshair.
  key(event) {
    if (!this.on) return false;
    if (STEPS[event.key]) this.#step(STEPS[event.key], event);
    else if (event.key === "Enter" || event.key === " ") this.#setCorner();
    else if (event.key === "Escape") this.toggle();
    else return false;
    this.draw();
    return true;
  }

  #step([dx, dy], { shiftKey, ctrlKey }) {
    const { width, height } = this.view.image;
    const step = Math.max(1, Math.round((ctrlKey ? 0.001 : shiftKey ? 0.05 : 0.01) * width));
    this.at = [clamp(this.at[0] + dx * step, 0, width), clamp(this.at[1] + dy * step, 0, height)];
    this.telling?.(this.at);
  }

  #setCorner() {
    if (this.measuring(this.at)) return;
    if (this.telling) {
      this.telling(this.at);
      return;
    }
    const label = this.activeLabel() ?? null;
    const { image, viewer } = this.view;
    if (label && this.isPoint(label)) {
      this.on = false;
      this.answer.add({ label, image: image.id, frame: viewer.frame, point: pointFromPixels(this.at, image) });
      return;
    }
    if (!this.corner) {
      this.corner = [...this.at];
      return;
    }
    const box = boxFromCorners(this.corner, this.at, image);
    this.corner = null;
    if (box[0] >= box[2] || box[1] >= box[3]) return;
    this.on = false;
    this.answer.add({ label, image: image.id, frame: viewer.frame, box });
  }

  draw() {
    if (!this.on || !this.view.viewer.shown) {
      this.group.replaceChildren();
      return;
    }
    const [x, y] = this.view.viewer.toCanvas(this.at);
    const shapes = [
      ["line", { x1: x, x2: x, y1: 0, y2: this.svg.clientHeight }],
      ["line", { x1: 0, x2: this.svg.clientWidth, y1: y, y2: y }],
    ];
    if (this.corner) {
      const [cx, cy] = this.view.viewer.toCanvas(this.corner);
      const size = { width: Math.abs(x - cx), height: Math.abs(y - cy) };
      shapes.push(["rect", { x: Math.min(x, cx), y: Math.min(y, cy), ...size }]);
    }
    this.group.replaceChildren(
      ...shapes.map(([name, attributes]) => {
        const made = document.createElementNS(SVG, name);
        for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
        return made;
      }),
    );
  }
}
