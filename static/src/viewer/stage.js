// The images of a case as they hang: their viewers, overlays, gestures, tools and keys.
import { Answer } from "../marks/answer.js";
import { Bindings } from "../shell/bindings.js";
import { isAsking } from "../shell/dialogs.js";
import { Help } from "../shell/help.js";
import { isTyping, mayRepeat } from "../shell/keys.js";
import { Settings } from "../shell/settings.js";
import { Hanging, isPrior } from "./hanging.js";
import { Links } from "./links.js";
import { Magnifier } from "./magnifier.js";
import { Measurements } from "./measurements.js";
import { makePane } from "./pane.js";
import { Toolbar } from "./toolbar.js";
import { toolsOf } from "./tools.js";

const PATIENCE_MS = 700;
const WITHOUT_IMAGE = ["help", "settings", "panel"]; // what can be done before an image is shown

// Fetches what import() will want, without running it yet.
function preloadViewer() {
  const link = document.createElement("link");
  link.rel = "modulepreload";
  link.href = new URL("./viewer.js", import.meta.url).href;
  document.head.append(link);
}

// The viewer's class, asked for twice where a connection fails; null when it cannot be had.
async function viewerClass() {
  for (let left = 2; left > 0; left--) {
    try {
      return (await import("./viewer.js")).Viewer;
    } catch (error) {
      console.warn(error);
    }
  }
  return null;
}

export class Stage {
  // `renditions` loads pixels; `asked` is when the page was asked for, in ms; `signal` ends the stage;
  // `answer` holds the marks drawn here; `drawing()` is null while nothing may be drawn, else {label};
  // `extra()` gives further boxes to show; `more(event)` the page's own actions by name; `outlining()` says
  // whether outlines are drawn in place of boxes.
  constructor(images, options) {
    const { renditions, asked, signal, answer = new Answer(), drawing = () => null, nameOf = (slug) => slug, isPoint = () => false } = options;
    const { extra = () => [], more = () => ({}), outlining = () => false } = options;
    Object.assign(this, { images: [...images], renditions, asked, signal, answer, drawing, nameOf, isPoint, extra, more, outlining });
    this.element = document.getElementById("stage");
    this.bindings = new Bindings();
    this.hanging = new Hanging(images, this.element.clientWidth || Infinity);
    this.measurements = new Measurements();
    this.views = [];
    this.links = new Links(this.views);
    this.magnifier = new Magnifier(this.views);
    this.focused = this.hanging.slots[0] ?? 0;
  }

  get view() {
    return this.views[this.focused];
  }

  async open() {
    for (const index of this.hanging.slots) this.#firstOf(this.images[index]).catch(() => {});
    this.#makeViews();
    preloadViewer();
    this.#bind();
    // Reading Cornerstone keeps the page busy: the images are seen before it.
    await Promise.race([this.#firstLook(), new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))]);
    const Viewer = await viewerClass();
    if (this.signal.aborted) return;
    if (!Viewer) {
      for (const view of this.#hung()) view.say("The viewer could not be loaded. Reload the page to try again.");
      return;
    }
    this.Viewer = Viewer;
    this.signal.addEventListener("abort", () => this.#leave());
    this.views.forEach((view, index) => this.#equip(view, index, Viewer));
    this.equipped = true;
    await this.#hang();
    this.element.dataset.ready = "true";
  }

  #leave() {
    for (const { viewer } of this.views) viewer.close();
    this.renditions.forget(this.images.flatMap(({ url, frame_urls }) => [url, ...frame_urls]));
  }

  async #firstLook() {
    await Promise.allSettled(
      this.#hung().map(async (view) => {
        const listen = ({ share, early }) => (early ? view.preview(early, this.asked) : view.coming(share));
        view.preview(await this.#firstOf(view.image, listen), this.asked);
        view.coming(1);
      }),
    );
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  }

  #firstOf(image, listen = null) {
    return this.renditions.load(image.frames > 1 ? image.frame_urls[0] : image.url, null, listen);
  }

  #makeViews() {
    this.images.forEach((image, index) => this.#makeView(image, index));
    this.#arrange();
    this.focusPane(this.focused);
  }

  #makeView(image, index) {
    const view = makePane(image, index);
    this.views.push(view);
    this.element.append(view.pane);
    view.element.addEventListener("focusin", () => this.focusPane(index));
    view.element.addEventListener("pointerdown", () => this.focusPane(index));
    return view;
  }

  // Hangs further images beside a view; resolves to their views. They go by `takeAway`.
  async add(images, beside) {
    const from = this.views.length;
    this.own ??= from;
    const added = images.map((image, place) => {
      this.images.push(image);
      const view = this.#makeView(image, from + place);
      this.#equip(view, from + place, this.Viewer);
      return view;
    });
    this.hanging.add(images.map((_, place) => from + place), this.views.indexOf(beside), this.element.clientWidth);
    await this.#hang();
    await Promise.all(added.map((view) => view.open()));
    return added;
  }

  async takeAway() {
    if (this.own === undefined) return;
    for (const view of this.views.splice(this.own)) {
      view.viewer.close();
      view.pane.remove();
    }
    this.images.length = this.own;
    this.own = undefined;
    this.hanging.takeDown();
    if (this.focused >= this.views.length) this.focusPane(this.hanging.slots[0]);
    await this.#hang();
  }

  #bind() {
    this.toolbar = new Toolbar(document.querySelector(".toolbar"), this);
    this.help = new Help(document.getElementById("help"), this);
    this.settings = new Settings(document.getElementById("viewer-settings"), this.bindings, () => this.refresh());
    this.measurements.addEventListener("changed", () => this.refresh());
    const keyUp = ({ key }) => {
      if (this.bindings.actionsOf({ key }).includes("magnify") && this.magnifier.release(this.view)) this.refresh();
    };
    document.addEventListener("keyup", keyUp, { signal: this.signal });
    this.refresh();
  }

  #equip(view, index, Viewer) {
    view.equip(this, Viewer, isPrior(view.image) ? () => null : this.drawing);
    this.links.watch(view);
    for (const name of ["windowed", "frame"]) view.viewer.addEventListener(name, () => this.#looked(view, index));
    view.viewer.addEventListener("moved", () => index === this.focused && this.#lens());
  }

  #looked(view, index) {
    view.describe();
    if (index !== this.focused) return;
    this.#lens();
    this.refresh();
  }

  #lens() {
    if (this.magnifier.on && this.view.viewer.shown) this.magnifier.draw(this.view);
  }

  #hung() {
    return this.hanging.slots.map((index) => this.views[index]);
  }

  #arrange() {
    const { slots } = this.hanging;
    this.element.dataset.count = slots.length;
    this.views.forEach((view, index) => view.hang(slots.indexOf(index)));
  }

  // Brings the panes in order, and opens those that were never shown.
  async #hang() {
    this.#arrange();
    if (!this.hanging.slots.includes(this.focused)) this.focusPane(this.hanging.slots[0]);
    await Promise.all(this.#hung().map((view) => view.open()));
    this.refresh();
  }

  // Shows so many panes at once.
  layOut(count) {
    this.hanging.show(count);
    this.hanging.bring(this.focused, this.hanging.slots[0]);
    return this.#hang();
  }

  swap() {
    if (!this.hanging.swap(this.focused)) return false;
    return this.#hang();
  }

  async bring(index) {
    this.hanging.bring(index, this.focused);
    this.focusPane(index);
    await this.#hang();
  }

  async nextImage() {
    await this.bring(this.hanging.after(this.focused));
    this.focus();
  }

  focusPane(index) {
    const changed = this.focused !== index;
    this.focused = index;
    this.views.forEach(({ pane }, number) => pane.classList.toggle("focused", number === index));
    if (changed) this.refresh();
  }

  focus() {
    this.view?.element.focus({ preventScroll: true });
  }

  // The toolbar says again what is on, and what the tool in hand wants.
  refresh() {
    if (!this.signal.aborted) this.toolbar?.show();
  }

  key(event) {
    if (isAsking() || isTyping(event) || event.altKey !== (event.altKey && event.key.startsWith("Arrow"))) return;
    if (event.repeat && event.key === "Enter") {
      event.preventDefault(); // one press, one corner, one submission
      return;
    }
    const mayDraw = this.drawing() || this.measurements.tool || this.view?.crosshair?.telling;
    if (mayDraw && this.view?.crosshair?.key(event)) {
      event.preventDefault();
      return;
    }
    for (const action of this.bindings.actionsOf(event)) {
      if (event.repeat && !mayRepeat(action)) continue;
      if (action === "undo" || action === "redo") this.putDown();
      if (this.do(action, event) === false) continue;
      event.preventDefault();
      return;
    }
  }

  // Carries out one action; returns false when it means nothing now.
  do(action, event = {}) {
    const actions = this.actions(event);
    if (!actions[action] || (!this.view?.viewer?.shown && !WITHOUT_IMAGE.includes(action))) return false;
    const done = actions[action]();
    this.refresh();
    return done;
  }

  // All that the page can do, by name: the page's own actions, and before them what concerns measurements.
  actions(event = {}) {
    const page = this.more(event);
    const tools = toolsOf(this, event);
    const both = (name) => () => (tools[name]() === false && page[name] ? page[name]() : undefined);
    const shared = ["cancel", "remove"].map((name) => [name, page[name] ? both(name) : tools[name]]);
    return { ...tools, ...page, ...Object.fromEntries(shared) };
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
    this.refresh();
  }

  redraw() {
    for (const { overlay } of this.views) overlay?.draw();
  }

  toggleHidden() {
    this.hidden = !this.hidden;
    this.element.toggleAttribute("data-bare", this.hidden);
    for (const { overlay, measures } of this.views) {
      overlay.hidden = measures.hidden = this.hidden;
      measures.draw();
    }
    this.redraw();
  }

  // Brings a box into the middle of its view, wherever it lies, and the same place of a film that was taken
  // alike, today or before, beside it.
  async goTo({ image, frame, box }) {
    const index = this.views.findIndex((view) => view.image.id === image);
    if (index < 0 || !this.equipped) return;
    const going = (this.going = Symbol("the place gone to last"));
    const { viewer } = this.views[index];
    await this.bring(index);
    if ((viewer.wanted ?? viewer.frame) !== (frame ?? 0)) await viewer.show(frame ?? 0);
    if (this.going !== going || !viewer.shown) return;
    viewer.zoomTo(box);
    this.links.follow(this.views[index], { alike: true });
  }

  // All of the image, and of those that were taken alike.
  whole() {
    if (this.do("fit") !== false) this.links.follow(this.view, { alike: true });
  }

  fly({ image, frame, from, to }) {
    const { overlay, viewer } = this.views.find((view) => view.image.id === image) ?? {};
    if (viewer?.frame === frame) overlay.fly(from, to);
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
