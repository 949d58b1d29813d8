// The desk's page of one case: its truth on the game's own viewer, checked while it is drawn, saved with a reason.
import "./site.js";
import { Sheet } from "./attempt/sheet.js";
import { BlackOut } from "./desk/black-out.js";
import { Context } from "./desk/context.js";
import { Truth } from "./desk/truth.js";
import { TruthList } from "./desk/truth-list.js";
import { moveBox, moveOutline, movePoint, resizeBox } from "./marks/geometry.js";
import { Palette } from "./marks/palette.js";
import { read, say } from "./shell/page.js";
import { LOGGED_OUT, exchange, patiently } from "./shell/server.js";
import { Renditions } from "./viewer/renditions.js";
import { Stage } from "./viewer/stage.js";

const CHECK_AFTER_MS = 500;

class CuratePage {
  constructor(data, renditions) {
    this.data = data;
    this.panel = document.getElementById("panel");
    this.life = new AbortController();
    const modes = new Map(data.labels.map(({ slug, mode }) => [slug, mode]));
    this.answer = new Truth(data.findings, (slug) => modes.get(slug) !== "select");
    this.shape = "box";
    this.stage = new Stage(data.images, {
      answer: this.answer,
      renditions,
      asked: 0,
      signal: this.life.signal,
      drawing: () => ({ label: this.answer.taking ? null : this.palette.active }),
      outlining: () => this.shape === "outline" && !this.answer.taking,
      nameOf: (slug) => this.palette?.nameOf(slug) ?? slug,
      isPoint: (slug) => this.palette?.isPoint(slug) ?? false,
      extra: () => [
        ...this.answer.others.map((place) => ({ ...place, ...ofReader(place), kind: "truth other-reader", text: `reader ${place.reader}` })),
        ...(this.blackOut?.shown() ?? []),
      ],
      more: (event) => ({ panel: () => this.sheet.toggle(), ...this.#actions(event) }),
    });
    this.sheet = new Sheet({ signal: this.life.signal });
    this.changed = false;
  }

  get views() {
    return this.stage.views;
  }

  async start() {
    const { panel, answer, data } = this;
    this.palette = new Palette(panel, data.labels, answer, { onLabel: () => this.stage.focus() });
    this.list = new TruthList(panel.querySelector("[data-role=truth]"), answer, {
      labels: data.labels,
      significances: data.significances,
      go: (place) => (this.sheet.lower(), this.stage.goTo(place)),
      draw: (label) => this.palette.active !== label && this.palette.choose(label),
    });
    this.context = new Context(panel, data, () => this.#touched());
    for (const name of ["changed", "said"]) answer.addEventListener(name, () => this.#touched());
    for (const name of ["changed", "selected"]) answer.addEventListener(name, () => this.list.refresh());
    this.#readyToBlackOut();
    for (const button of panel.querySelectorAll("[data-shape]")) {
      button.addEventListener("click", () => this.#take(button.dataset.shape));
    }
    panel.querySelector("[data-role=save]").addEventListener("click", () => this.save());
    panel.querySelector("[data-role=why]")?.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.repeat) return;
      event.preventDefault();
      this.save();
    });
    document.addEventListener("keydown", (event) => this.stage.key(event));
    window.addEventListener("beforeunload", (event) => this.changed && event.preventDefault());
    this.list.refresh();
    this.check();
    await this.stage.open();
  }

  // Not where a second curator reads blind.
  #readyToBlackOut() {
    const { panel, answer, data } = this;
    if (!data.urls.black_out) return;
    this.blackOut = new BlackOut(panel, answer, data, {
      go: (place) => (this.sheet.lower(), this.stage.goTo(place)),
      draw: () => this.views.forEach((view) => view.overlay?.draw()),
      focus: () => this.stage.focus(),
      isChanged: () => this.changed,
      reload: () => ((this.changed = false), location.reload()),
    });
    this.blackOut.listen();
  }

  #take(shape) {
    this.blackOut?.putDown();
    this.shape = shape;
    for (const button of this.panel.querySelectorAll("[data-shape]")) {
      button.setAttribute("aria-pressed", String(button.dataset.shape === shape));
    }
    this.stage.focus();
  }

  #actions(event) {
    const selected = this.answer.mark(this.answer.selected);
    return {
      search: () => (this.sheet.open(), this.palette.search.focus()),
      label: () => this.palette.chooseByNumber(Number(event.key)),
      relabel: () => (selected ? (this.sheet.open(), this.palette.relabel(selected.id)) : false),
      remove: () => (selected ? this.answer.remove(selected.id) : false),
      nudge: () => (selected ? this.#nudge(selected, event) : false),
      crosshair: () => this.stage.view.crosshair.toggle(),
      undo: () => this.answer.undo(),
      redo: () => this.answer.redo(),
      submit: () => this.save(),
      cancel: () => this.blackOut?.putDown() || this.stage.putDown() || this.#letGo(),
    };
  }

  #letGo() {
    this.answer.joining = null;
    this.answer.select(null);
  }

  #nudge(mark, { key, shiftKey, altKey }) {
    const step = shiftKey ? 10 : 1;
    const { width, height } = this.stage.view.image;
    const dx = ({ ArrowLeft: -1, ArrowRight: 1 }[key] ?? 0) * (step / width);
    const dy = ({ ArrowUp: -1, ArrowDown: 1 }[key] ?? 0) * (step / height);
    if (mark.point) return this.answer.change(mark.id, { point: movePoint(mark.point, dx, dy) });
    if (mark.outline) return this.answer.change(mark.id, moveOutline(mark.outline, dx, dy));
    return this.answer.change(mark.id, { box: altKey ? resizeBox(mark.box, "se", dx, dy) : moveBox(mark.box, dx, dy) });
  }

  #touched() {
    this.changed = true;
    this.#state("not saved yet");
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.check(), CHECK_AFTER_MS);
  }

  #state(words, kind = "") {
    Object.assign(document.getElementById("save-state"), { textContent: words }).dataset.state = kind;
  }

  get sent() {
    return { findings: this.answer.toJson(), ...this.context.toJson(), stamp: this.data.stamp, doubt: this.data.doubt };
  }

  // Asked of the server while the curator works; an older answer that comes late is not shown.
  async check() {
    const place = this.panel.querySelector("[data-role=checks]");
    const { checks } = this.data.urls;
    if (!place || !checks) return;
    const asked = (this.asking = Symbol("checks"));
    try {
      const headers = { "Content-Type": "application/json", "X-CSRFToken": this.data.csrf };
      const response = await patiently(checks, { method: "POST", headers, body: JSON.stringify(this.sent) });
      if (response.ok && asked === this.asking) place.innerHTML = await response.text(); // our own server's escaped template
    } catch {
      // Offline: saving says so.
    }
  }

  async save() {
    if (this.saving) return;
    const why = this.panel.querySelector("[data-role=why]");
    if (this.answer.unlabeled.length) {
      this.answer.select(this.answer.unlabeled[0].id);
      say("One place has no label yet: choose one, or delete it.");
      this.palette.search.focus();
      return;
    }
    if (this.data.published && why && !why.value.trim()) {
      say("Learners play this case: say in a word why it changes.");
      this.sheet.open();
      why.focus();
      return;
    }
    this.saving = true;
    this.#state("saving …");
    try {
      const { status, body } = await exchange("POST", this.data.urls.save, { ...this.sent, why: why?.value.trim() ?? "" }, this.data.csrf);
      this.#saved(status, body);
    } catch {
      this.#failed("No connection to the server: nothing was saved. Try again in a moment.");
    }
    this.saving = false;
  }

  #saved(status, body) {
    if (status !== 200 || !body) {
      this.#failed(status === 401 ? LOGGED_OUT : (body?.error ?? `The server answered ${status}.`));
      return;
    }
    if (body.next) {
      this.changed = false;
      location.assign(body.next);
      return;
    }
    Object.assign(this.data, body);
    this.answer.load(body.findings);
    this.changed = false;
    clearTimeout(this.waiting);
    const version = document.querySelector("[data-role=version]");
    if (version) version.textContent = body.version;
    const why = this.panel.querySelector("[data-role=why]");
    if (why) why.value = "";
    this.#state(body.answered ? "saved, and the learner is told" : "saved");
    if (body.answered) {
      this.data.doubt = undefined;
      this.panel.querySelector("[data-role=doubt]")?.remove();
    }
    say("");
    this.check();
  }

  #failed(sentence) {
    this.#state("not saved", "refused");
    say(sentence);
  }
}

// A place of another reader as the overlay takes it.
function ofReader({ shape, points }) {
  if (shape === "point") return { point: points.at(-1), path: points };
  return shape === "polygon" ? { outline: points } : {};
}

const { worker, codec } = document.getElementById("stage").dataset;
const page = new CuratePage(read("case-data"), new Renditions(worker, codec));
page.start();
globalThis.radgame = { page, ...page.stage.forTests() };
