// The case page: viewers, marks, panel, autosave, submit, feedback.
import "./site.js";
import { Answer } from "./marks.js";
import { Autosave, STATES } from "./autosave.js";
import { KeyboardCrosshair } from "./crosshair.js";
import { Gestures } from "./gestures.js";
import { actionOf, isTyping, KEYS } from "./keys.js";
import { moveBox, resizeBox } from "./geometry.js";
import { Overlay } from "./overlay.js";
import { Palette } from "./palette.js";
import { Renditions } from "./renditions.js";
import { Review } from "./review.js";
import { exchange, settled } from "./server.js";
import { Viewer } from "./viewer.js";

const read = (id) => JSON.parse(document.getElementById(id).textContent);

class CasePage {
  constructor(data) {
    this.data = data;
    this.stage = document.getElementById("stage");
    this.panel = document.getElementById("panel");
    this.status = document.getElementById("save-state");
    this.renditions = new Renditions(this.stage.dataset.worker);
    this.answer = new Answer(data.draft);
    this.views = [];
    this.review = null;
    this.started = performance.now();
    this.writer = crypto.randomUUID(); // tells this window's saves from another's
  }

  get isOpen() {
    return this.data.state === "draft";
  }

  async start() {
    this.#bindToolbar();
    document.addEventListener("keydown", (event) => this.key(event));
    if (this.isOpen) this.#startPlaying();
    await this.#openViews();
    if (this.data.state === "scored") this.startReview();
    if (this.data.state === "submitted") this.awaitScore();
    this.stage.dataset.ready = "true";
  }

  #startPlaying() {
    this.palette = new Palette(this.panel, this.data.labels, this.answer, {
      onLabel: () => this.view?.element.focus({ preventScroll: true }),
    });
    this.autosave = new Autosave({
      version: this.data.draft.version,
      answer: () => this.answer.complete,
      send: (version, answer) =>
        exchange("PUT", this.data.urls.draft, { version, writer: this.writer, ...answer }, this.data.csrf),
    });
    this.answer.addEventListener("changed", () => this.autosave.touch());
    this.autosave.addEventListener("state", () => this.#showSaveState());
    this.panel.querySelector("[data-role=submit]").addEventListener("click", () => this.submit());
    window.addEventListener("beforeunload", (event) => {
      if (this.autosave.unsaved && this.isOpen) event.preventDefault();
    });
    this.#bindConflict();
  }

  #showSaveState() {
    const { state, detail, conflict } = this.autosave;
    if (state === "conflict" && conflict.state !== "draft") {
      location.assign(this.data.urls.self); // submitted in another window: there is nothing to decide
      return;
    }
    this.status.textContent = STATES[state] + (state === "refused" ? `: ${detail}` : "");
    this.status.dataset.state = state;
    document.getElementById("conflict").hidden = state !== "conflict";
  }

  #bindConflict() {
    const bar = document.getElementById("conflict");
    bar.querySelector("[data-role=mine]").addEventListener("click", () => this.autosave.keepMine());
    bar.querySelector("[data-role=theirs]").addEventListener("click", () => {
      this.answer.replace(this.autosave.takeTheirs());
      this.autosave.dirty = false;
    });
  }

  async #openViews() {
    const template = document.getElementById("view-template");
    for (const image of this.data.images) {
      const pane = template.content.firstElementChild.cloneNode(true);
      this.stage.append(pane);
      this.views.push({ image, pane });
    }
    this.#showPane(0);
    await Promise.all(this.views.map((view, index) => this.#openView(view, index)));
  }

  async #openView(view, index) {
    const element = view.pane.querySelector("[data-role=canvas]");
    view.pane.dataset.view = view.image.view;
    view.pane.querySelector("[data-role=view-name]").textContent = view.image.view;
    view.element = element;
    element.setAttribute("aria-label", `${view.image.view} view, image ${index + 1}`);
    view.viewer = new Viewer(element, view.image, this.renditions);
    view.overlay = new Overlay(view.pane.querySelector("svg.marks"), view.viewer, this.answer, {
      nameOf: (slug) => this.palette?.nameOf(slug) ?? slug,
      readOnly: !this.isOpen,
      extra: () => this.review?.boxes() ?? [],
    });
    view.gestures = new Gestures(element, view.viewer, view.overlay, this.answer, {
      drawing: () => (this.isOpen ? { label: this.palette.active } : null),
    });
    view.crosshair = new KeyboardCrosshair(view.pane.querySelector("svg.marks"), view, this.answer, () => this.palette?.active);
    view.viewer.addEventListener("windowed", () => this.#showWindow(view));
    view.viewer.addEventListener("frame", () => this.#showWindow(view));
    element.addEventListener("focusin", () => this.#focusPane(index));
    element.addEventListener("pointerdown", () => this.#focusPane(index));
    const note = view.pane.querySelector("[data-role=note]");
    try {
      await view.viewer.open();
      note.hidden = true;
      view.pane.dataset.ready = "true";
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

  #showPane(index) {
    this.#focusPane(index);
    this.stage.dataset.count = this.views.length;
  }

  get view() {
    return this.views[this.focused ?? 0];
  }

  #bindToolbar() {
    for (const button of document.querySelectorAll("[data-action]")) {
      button.addEventListener("click", () => this.do(button.dataset.action));
    }
    const sheet = document.getElementById("help");
    sheet.querySelector("dl").replaceChildren(
      ...KEYS.map(({ keys, shown, help }) => {
        const row = document.createElement("div");
        const term = document.createElement("dt");
        const key = document.createElement("kbd");
        key.textContent = shown ?? keys[0];
        term.append(key);
        const text = document.createElement("dd");
        text.textContent = help;
        row.append(term, text);
        return row;
      }),
    );
  }

  key(event) {
    if (isTyping(event) || event.altKey !== (event.altKey && event.key.startsWith("Arrow"))) return;
    if (this.view?.crosshair.key(event)) {
      event.preventDefault();
      return;
    }
    const action = actionOf(event);
    if (action === "undo" || action === "redo") this.#putDown();
    if (action && this.do(action, event) !== false) event.preventDefault();
  }

  // Carries out one action; returns false when it means nothing now.
  do(action, event = {}) {
    const viewer = this.view?.viewer;
    const middle = () => [viewer.element.clientWidth / 2, viewer.element.clientHeight / 2];
    const actions = {
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
      ...(this.isOpen ? this.#playing(event) : this.#reviewing(event)),
    };
    if (!actions[action] || (!viewer?.shown && action !== "help")) return false;
    return actions[action]();
  }

  #playing(event) {
    const selected = this.answer.mark(this.answer.selected);
    return {
      search: () => this.palette.search.focus(),
      label: () => this.palette.chooseByNumber(Number(event.key)),
      normal: () => this.answer.setNormal(!this.answer.normal),
      relabel: () => (selected ? this.palette.relabel(selected.id) : false),
      remove: () => (selected ? this.answer.remove(selected.id) : false),
      nudge: () => (selected ? this.#nudge(selected, event) : false),
      crosshair: () => this.view.crosshair.toggle(),
      undo: () => this.answer.undo(),
      redo: () => this.answer.redo(),
      submit: () => this.submit(),
      cancel: () => this.#putDown() || this.answer.select(null),
    };
  }

  #reviewing(event) {
    const back = ["ArrowLeft", "ArrowUp"].includes(event.key);
    return {
      nudge: () => this.review?.step(back ? -1 : 1),
      normal: () => location.assign(this.data.urls.next),
    };
  }

  // Forgets a half-drawn box in any view. Returns whether there was one.
  #putDown() {
    return this.views.map(({ gestures }) => gestures?.abandon()).some(Boolean);
  }

  #nudge(mark, { key, shiftKey, altKey }) {
    const step = shiftKey ? 10 : 1;
    const { width, height } = this.view.image;
    const dx = ({ ArrowLeft: -1, ArrowRight: 1 }[key] ?? 0) * (step / width);
    const dy = ({ ArrowUp: -1, ArrowDown: 1 }[key] ?? 0) * (step / height);
    const box = altKey ? resizeBox(mark.box, "se", dx, dy) : moveBox(mark.box, dx, dy);
    this.answer.change(mark.id, { box });
  }

  #toggleHidden() {
    this.hidden = !this.hidden;
    for (const { overlay } of this.views) {
      overlay.hidden = this.hidden;
      overlay.draw();
    }
    document.querySelector("[data-action=hide]")?.setAttribute("aria-pressed", String(this.hidden));
  }

  #nextPane() {
    const next = ((this.focused ?? 0) + 1) % this.views.length;
    this.#focusPane(next);
    this.views[next].element.focus();
  }

  async submit() {
    const { unlabelled } = this.answer;
    if (unlabelled.length) {
      this.answer.select(unlabelled[0].id);
      this.say("One box has no label yet: choose one, or delete the box.");
      this.palette.search.focus();
      return;
    }
    if (this.answer.isEmpty && !(await confirmed("nothing-marked"))) return;
    if (!this.isOpen || this.submitting) return;
    this.submitting = true;
    this.#putDown();
    await this.autosave.stop();
    this.submission ??= crypto.randomUUID();
    const body = {
      submission: this.submission,
      elapsed_ms: Math.round(performance.now() - this.started),
      ...this.answer.complete,
    };
    const button = this.panel.querySelector("[data-role=submit]");
    button.disabled = true;
    this.say("Submitting …");
    try {
      await this.#send(body);
    } finally {
      this.submitting = false;
      button.disabled = false;
    }
  }

  async #send(body) {
    let reply;
    try {
      reply = await exchange("POST", this.data.urls.submit, body, this.data.csrf);
    } catch {
      this.say("No connection. Your marks are kept here; submit again in a moment.");
      this.autosave.resume();
      return;
    }
    const submittedBefore = reply.status === 409 && reply.body && reply.body.state !== "draft";
    if (reply.status === 202 || submittedBefore) {
      this.data.state = "submitted";
      this.status.textContent = "submitted";
      this.status.dataset.state = "submitted";
      history.replaceState(null, "", this.data.urls.self);
      await this.awaitScore();
    } else {
      this.say(reply.body?.error ?? `The server could not take it (status ${reply.status}).`);
      this.autosave.resume();
    }
  }

  async awaitScore() {
    this.say("Scoring …");
    this.panel.inert = true; // seen, but not changed any more
    for (const { crosshair } of this.views) crosshair?.switchOff();
    const state = await settled(this.data.urls.socket, this.data.urls.status);
    this.data.state = state;
    const feedback = state === "scored" ? await this.#feedback() : null;
    if (feedback === null) {
      location.assign(this.data.urls.self); // the page itself says what is wrong
      return;
    }
    this.palette?.close();
    this.panel.innerHTML = feedback; // our own server's escaped template
    this.panel.inert = false;
    this.say("");
    this.startReview();
  }

  async #feedback() {
    try {
      const response = await fetch(this.data.urls.result, { credentials: "same-origin" });
      return response.ok ? await response.text() : null;
    } catch {
      return null;
    }
  }

  startReview() {
    const review = read("review-data");
    document.body.classList.add("reviewing");
    for (const { overlay } of this.views) overlay.readOnly = true;
    this.review = new Review(this.panel, review, {
      go: (item) => this.#goTo(item),
      redraw: () => this.views.forEach(({ overlay }) => overlay.draw()),
    });
    this.views.forEach(({ overlay }) => overlay.draw());
    this.panel.querySelector("h2")?.focus();
  }

  async #goTo({ image, frame, box }) {
    const index = this.views.findIndex((view) => view.image.id === image);
    if (index < 0) return;
    this.#focusPane(index);
    const { viewer } = this.views[index];
    if (viewer.frame !== frame) await viewer.show(frame);
    viewer.zoomTo(box);
  }

  say(sentence) {
    document.getElementById("status-line").textContent = sentence;
  }
}

// Asks in the page's dialog of that id; resolves to whether it was agreed to.
function confirmed(id) {
  const dialog = document.getElementById(id);
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

const page = new CasePage(read("case-data"));
page.start();

// For tests and for whoever scripts the page: image pixels ↔ page pixels of one view.
window.radgame = {
  page,
  toPage(imageIndex, [x, y]) {
    const { viewer, element } = page.views[imageIndex];
    const rect = element.getBoundingClientRect();
    const [cx, cy] = viewer.toCanvas([x, y]);
    return [rect.left + cx, rect.top + cy];
  },
  toImage(imageIndex, [x, y]) {
    const { viewer, element } = page.views[imageIndex];
    const rect = element.getBoundingClientRect();
    return viewer.toImage([x - rect.left, y - rect.top]);
  },
};
