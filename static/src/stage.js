// The images of a case, side by side: their viewers, overlays, gestures, tools and keys.
import { KeyboardCrosshair } from "./crosshair.js";
import { Gestures } from "./gestures.js";
import { actionOf, isTyping, KEYS } from "./keys.js";
import { Answer } from "./marks.js";
import { Overlay } from "./overlay.js";
import { Renditions } from "./renditions.js";
import { Viewer } from "./viewer.js";

export class Stage {
  // `answer` holds the marks drawn here; `drawing()` is null while nothing may be drawn, else {label};
  // `extra()` gives further boxes to show; `more(event)` the page's own actions by name.
  constructor(images, { answer = new Answer(), drawing = () => null, nameOf = (slug) => slug, extra = () => [], more = () => ({}) } = {}) {
    Object.assign(this, { images, answer, drawing, nameOf, extra, more });
    this.element = document.getElementById("stage");
    this.renditions = new Renditions(this.element.dataset.worker);
    this.views = [];
    this.focused = 0;
  }

  get view() {
    return this.views[this.focused];
  }

  async open() {
    this.#bindToolbar();
    const template = document.getElementById("view-template");
    for (const image of this.images) {
      const pane = template.content.firstElementChild.cloneNode(true);
      this.element.append(pane);
      this.views.push({ image, pane });
    }
    this.element.dataset.count = this.views.length;
    this.#focusPane(0);
    await Promise.all(this.views.map((view, index) => this.#openView(view, index)));
    this.element.dataset.ready = "true";
  }

  async #openView(view, index) {
    const element = view.pane.querySelector("[data-role=canvas]");
    const svg = view.pane.querySelector("svg.marks");
    view.pane.dataset.view = view.image.view;
    view.pane.querySelector("[data-role=view-name]").textContent = view.image.view;
    view.element = element;
    element.setAttribute("aria-label", `${view.image.view} view, image ${index + 1}`);
    view.viewer = new Viewer(element, view.image, this.renditions);
    view.overlay = new Overlay(svg, view.viewer, this.answer, {
      nameOf: this.nameOf,
      readOnly: this.drawing() === null,
      extra: this.extra,
    });
    view.gestures = new Gestures(element, view.viewer, view.overlay, this.answer, { drawing: this.drawing });
    view.crosshair = new KeyboardCrosshair(svg, view, this.answer, () => this.drawing()?.label);
    view.viewer.addEventListener("windowed", () => this.#showWindow(view));
    view.viewer.addEventListener("frame", () => this.#showWindow(view));
    element.addEventListener("focusin", () => this.#focusPane(index));
    element.addEventListener("pointerdown", () => this.#focusPane(index));
    await this.#load(view);
  }

  async #load({ viewer, pane }) {
    const note = pane.querySelector("[data-role=note]");
    try {
      await viewer.open();
      note.hidden = true;
      pane.dataset.ready = "true";
    } catch (error) {
      console.error(error);
      note.textContent = `${error.message} Reload the page to try again.`;
      note.classList.add("error");
    }
  }

  #showWindow({ viewer, pane }) {
    const { center, width } = viewer.window;
    const offset = viewer.image.offset ?? 0;
    const slice = viewer.image.frames > 1 ? `${viewer.frame + 1} / ${viewer.image.frames} · ` : "";
    pane.querySelector("[data-role=window]").textContent =
      `${slice}W ${Math.round(width)} L ${Math.round(center + offset)}`;
  }

  #focusPane(index) {
    this.focused = index;
    this.views.forEach(({ pane }, number) => pane.classList.toggle("focused", number === index));
  }

  focus() {
    this.view?.element.focus({ preventScroll: true });
  }

  #bindToolbar() {
    for (const button of document.querySelectorAll("[data-action]")) {
      button.addEventListener("click", () => this.do(button.dataset.action));
    }
    const known = this.#actions({});
    document.querySelector("#help dl").replaceChildren(...KEYS.filter(({ action }) => known[action]).map(helpRow));
  }

  key(event) {
    if (isTyping(event) || event.altKey !== (event.altKey && event.key.startsWith("Arrow"))) return;
    if (this.drawing() && this.view?.crosshair?.key(event)) {
      event.preventDefault();
      return;
    }
    const action = actionOf(event);
    if (action === "undo" || action === "redo") this.putDown();
    if (action && this.do(action, event) !== false) event.preventDefault();
  }

  // Carries out one action; returns false when it means nothing now.
  do(action, event = {}) {
    const actions = this.#actions(event);
    if (!actions[action] || (!this.view?.viewer?.shown && action !== "help")) return false;
    return actions[action]();
  }

  #actions(event) {
    const viewer = this.view?.viewer;
    const middle = () => [viewer.element.clientWidth / 2, viewer.element.clientHeight / 2];
    return {
      invert: () => viewer.invert(),
      reset: () => (viewer.resetWindow(), viewer.fit()),
      fit: () => viewer.fit(),
      zoomIn: () => viewer.zoomBy(1.25, middle()),
      zoomOut: () => viewer.zoomBy(0.8, middle()),
      oneToOne: () => viewer.oneToOne(),
      hide: () => this.#toggleHidden(),
      nextImage: () => this.#nextPane(),
      frameUp: () => viewer.show(viewer.frame - 1),
      frameDown: () => viewer.show(viewer.frame + 1),
      help: () => document.getElementById("help").showModal(),
      ...this.more(event),
    };
  }

  // Forgets a half-drawn box in any view. Returns whether there was one.
  putDown() {
    return this.views.map(({ gestures }) => gestures?.abandon()).some(Boolean);
  }

  // From now on the answer's own marks are not shown as drawn: the feedback shows them its way.
  close() {
    for (const { crosshair, overlay } of this.views) {
      crosshair?.switchOff();
      if (overlay) overlay.readOnly = true;
    }
    this.redraw();
  }

  redraw() {
    for (const { overlay } of this.views) overlay?.draw();
  }

  #toggleHidden() {
    this.hidden = !this.hidden;
    for (const { overlay } of this.views) overlay.hidden = this.hidden;
    this.redraw();
    document.querySelector("[data-action=hide]")?.setAttribute("aria-pressed", String(this.hidden));
  }

  #nextPane() {
    this.#focusPane((this.focused + 1) % this.views.length);
    this.focus();
  }

  // Brings a box into the middle of its view, wherever it lies.
  async goTo({ image, frame, box }) {
    const index = this.views.findIndex((view) => view.image.id === image);
    if (index < 0) return;
    this.#focusPane(index);
    const { viewer } = this.view;
    if (viewer.frame !== frame) await viewer.show(frame);
    viewer.zoomTo(box);
  }

  // For tests and for whoever scripts the page: image pixels ↔ page pixels of one view.
  forTests() {
    return {
      toPage: (index, point) => {
        const { viewer, element } = this.views[index];
        const rect = element.getBoundingClientRect();
        const [x, y] = viewer.toCanvas(point);
        return [rect.left + x, rect.top + y];
      },
      toImage: (index, [x, y]) => {
        const { viewer, element } = this.views[index];
        const rect = element.getBoundingClientRect();
        return viewer.toImage([x - rect.left, y - rect.top]);
      },
    };
  }
}

function helpRow({ keys, shown, help }) {
  const row = document.createElement("div");
  const term = document.createElement("dt");
  const key = document.createElement("kbd");
  key.textContent = shown ?? keys[0];
  term.append(key);
  const text = document.createElement("dd");
  text.textContent = help;
  row.append(term, text);
  return row;
}
