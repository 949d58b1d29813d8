// Seeing through a simulated film, in the feedback: what lies where, and the film without parts of it.
import { svgElement } from "../marks/pins.js";
import { LOGGED_OUT, exchange } from "../shell/server.js";
import { CtPanes } from "./ct-panes.js";
import { inWords, prepared, structuresAt } from "./naming.js";
import { Veil, graysOf, withLayer } from "./layers.js";

const GROUPS = {
  ribs: "Ribs", spine: "Spine", shoulders: "Clavicles, scapulae, sternum", lungs: "Lobes", fissures: "Fissures", heart: "Heart and vessels",
  airways: "Trachea and carina", diaphragm: "Diaphragm", abdomen: "Abdomen",
};

export class Behind {
  // `stage` shows the film; `signal` ends it. The element is there only where something lies behind the film.
  constructor(element, stage, signal, csrf) {
    Object.assign(this, { element, stage, signal, csrf });
    this.shown = new Set();
    this.held = null;
  }

  role(name) {
    return this.element.querySelector(`[data-role=behind-${name}]`);
  }

  async open() {
    if (!this.element) return;
    try {
      this.#begin(await this.#told());
    } catch (error) {
      this.#problem(error.message);
    }
  }

  async #told() {
    const { status, body } = await exchange("GET", this.element.dataset.url).catch(() => ({}));
    if (status === 401) throw new Error(LOGGED_OUT);
    if (status !== 200 || !body) throw new Error(body?.error ?? "What lies behind the film could not be loaded.");
    return body;
  }

  #problem(sentence) {
    if (this.signal.aborted) return;
    Object.assign(this.role("problem"), { textContent: sentence, hidden: false });
  }

  #begin(told) {
    const view = this.stage.views.find(({ image }) => image.id === told.image);
    if (this.signal.aborted || !view?.viewer) return;
    this.view = view;
    this.#show(told);
    if (told.ct) {
      const { stage, signal, csrf } = this;
      const made = () => this.#again();
      this.ct = new CtPanes({ stage, view, role: (name) => this.role(name), url: told.ct, csrf, signal, made });
      this.ct.goTo(this.item);
    }
    if (told.problem) this.#problem(told.problem);
    this.element.dataset.ready = "true";
  }

  // What is there of outlines and layers; what came before stays as it is.
  #show(told) {
    const isNamed = this.all?.length > 0;
    Object.assign(this, { told, all: prepared(told) });
    if (this.all.length && !isNamed) this.#name();
    this.describe(this.item);
    if (told.layers.length && !this.select) this.#layers();
  }

  // With the CT the rest was made that was not there.
  async #again() {
    if (this.all.length && this.select) return;
    try {
      const told = await this.#told();
      if (!this.signal.aborted) this.#show(told);
    } catch {
      // The CT is there; the rest comes with the next look.
    }
  }

  // --- what lies where ---

  #name() {
    const { view, signal } = this;
    for (const name of ["here", "groups"]) this.role(name).hidden = false;
    this.tip = Object.assign(document.createElement("p"), { className: "named", hidden: true });
    this.tip.setAttribute("aria-hidden", "true");
    view.pane.append(this.tip);
    this.group = svgElement("g", { class: "outlines" });
    view.pane.querySelector("svg.marks").prepend(this.group);
    for (const name of ["moved", "frame"]) view.viewer.addEventListener(name, () => this.#place(), { signal });
    view.element.addEventListener("pointermove", (event) => event.pointerType === "mouse" && this.#hover(event), { signal });
    // A finger leaves as it is lifted: what it tapped stays named until the next tap.
    view.element.addEventListener("pointerleave", ({ pointerType }) => pointerType === "mouse" && (this.tip.hidden = true), { signal });
    view.element.addEventListener("pointerup", (event) => this.#tell(this.#hover(event)), { signal });
    const box = this.role("groups");
    for (const [group, name] of Object.entries(GROUPS)) {
      if (!this.all.some((one) => one.group === group)) continue;
      const label = document.createElement("label");
      const input = Object.assign(document.createElement("input"), { type: "checkbox", value: group });
      input.addEventListener("change", () => this.#toggle(group, input.checked));
      label.append(input, ` ${name}`);
      label.dataset.group = group;
      box.append(label);
    }
  }

  #at({ clientX, clientY }) {
    const rect = this.view.element.getBoundingClientRect();
    const { width, height } = this.view.image;
    const [x, y] = this.view.viewer.toImage([clientX - rect.left, clientY - rect.top]);
    return [x / width, y / height];
  }

  #hover(event) {
    const point = this.#at(event);
    const isOn = point.every((part) => part >= 0 && part <= 1);
    const said = isOn ? inWords(structuresAt(this.all, point)) : "";
    Object.assign(this.tip, { textContent: said, hidden: !said || this.stage.hidden === true });
    return said;
  }

  #tell(said) {
    if (said) this.role("here").textContent = `${said}.`;
  }

  // A crosshair for who works by keyboard, on the film: what lies under it is named, and the slices go there.
  crosshair() {
    const { view, stage } = this;
    if (!view || !(this.all?.length || this.ct)) return false;
    if (stage.view !== view && !view.crosshair.on) return false; // from another pane it can be put away
    this.element.open = true;
    view.crosshair.telling ??= (at) => this.#pointed(at);
    view.crosshair.toggle();
    if (!view.crosshair.on) this.tip?.toggleAttribute("hidden", true);
    return true;
  }

  #pointed([x, y]) {
    const share = [x / this.view.image.width, y / this.view.image.height];
    if (this.all?.length) {
      const said = inWords(structuresAt(this.all, share));
      Object.assign(this.tip, { textContent: said, hidden: this.stage.hidden === true });
      this.#tell(said);
    }
    this.ct?.fromFilm(share);
  }

  // What lies at the middle of a finding's place, in words.
  describe(item) {
    this.item = item;
    this.ct?.goTo(item);
    if (!this.all?.length || !item?.box || item.image !== this.told.image) return;
    const [x0, y0, x1, y1] = item.box;
    const there = structuresAt(this.all, item.point ?? [(x0 + x1) / 2, (y0 + y1) / 2]);
    this.#tell(`${item.name}, at ${item.point ? "its tip" : "its middle"}: ${lowered(inWords(there))}`);
  }

  #toggle(group, on) {
    if (on) this.shown.add(group);
    else this.shown.delete(group);
    this.#draw();
  }

  // The outlines of the next group alone; after the last none. All at once could not be told apart.
  nextGroup() {
    if (!this.all?.length) return false;
    this.element.open = true;
    const inputs = [...this.role("groups").querySelectorAll("input")];
    const next = inputs.findLastIndex(({ checked }) => checked) + 1;
    inputs.forEach((input, index) => (input.checked = index === next));
    this.shown = new Set(inputs.filter(({ checked }) => checked).map(({ value }) => value));
    this.#draw();
    return true;
  }

  #draw() {
    const { width, height } = this.view.image;
    const path = (line) => line.map(([x, y], index) => `${index ? "L" : "M"}${(x * width).toFixed(1)} ${(y * height).toFixed(1)}`).join("");
    const shapes = this.all
      .filter(({ group }) => this.shown.has(group))
      .map(({ lines, isArea, group, name }) => {
        const d = lines.map((line) => path(line) + (isArea ? "Z" : "")).join("");
        return svgElement("path", { class: `outline outline-${group}`, d, "data-name": name });
      });
    this.group.replaceChildren(...shapes);
    this.#place();
  }

  #place() {
    if (!this.shown.size || !this.view.viewer.shown) return;
    const { width, height } = this.view.image;
    const [x, y] = this.view.viewer.toCanvas([0, 0]);
    const [right, bottom] = this.view.viewer.toCanvas([width, height]);
    this.group.setAttribute("transform", `translate(${x} ${y}) scale(${(right - x) / width} ${(bottom - y) / height})`);
  }

  // The CT behind the film, or away with it.
  slices() {
    if (!this.ct) return false;
    this.element.open = true;
    this.ct.toggle();
    return true;
  }

  // --- with and without ---

  #layers() {
    const { signal, told } = this;
    this.role("layers").hidden = false;
    this.select = this.role("layer");
    this.select.append(new Option("The film as it is", ""));
    told.layers.forEach((layer, index) => this.select.append(new Option(layer.name, String(index))));
    this.split = this.role("split");
    this.veil = new Veil(this.view, signal);
    this.made = new Map();
    this.element.addEventListener("toggle", () => this.#prepare(), { signal });
    this.#prepare();
    this.select.addEventListener("change", () => this.#choose(), { signal });
    this.split.addEventListener("input", () => this.#compare(), { signal });
    this.role("alone").addEventListener("click", () => this.#alone(), { signal });
    const blink = this.role("blink");
    blink.addEventListener("pointerdown", () => this.blink(true), { signal });
    blink.addEventListener("contextmenu", (event) => event.preventDefault(), { signal }); // of a finger that is held
    for (const name of ["pointerup", "pointerleave", "pointercancel", "blur"]) {
      blink.addEventListener(name, () => this.blink(false), { signal });
    }
    blink.addEventListener("keydown", ({ key, repeat }) => [" ", "Enter"].includes(key) && !repeat && this.blink(true), { signal });
    blink.addEventListener("keyup", ({ key }) => [" ", "Enter"].includes(key) && this.blink(false), { signal });
    document.addEventListener("keyup", ({ key }) => this.stage.bindings.actionsOf({ key }).includes("blink") && this.blink(false), { signal });
    window.addEventListener("blur", () => this.blink(false), { signal });
  }

  get layer() {
    return this.told?.layers[Number(this.select?.value || NaN)] ?? null;
  }

  // The next layer of the list; after the last the film as it is.
  next() {
    if (!this.select) return false;
    this.element.open = true;
    this.select.selectedIndex = (this.select.selectedIndex + 1) % this.select.options.length;
    this.#choose();
    return true;
  }

  // The film without the layer, as long as the key is held.
  blink(on) {
    if (!this.veil) return false;
    if (on && !this.layer) {
      this.select.selectedIndex = 1;
      this.split.value = "100"; // the film, and without while it is held
      this.role("said").textContent = `${this.#saidOf(this.layer)}, while it is held.`;
    }
    this.blinking = on;
    this.role("blink").setAttribute("aria-pressed", String(on));
    this.#compare();
    return true;
  }

  #alone() {
    if (!this.layer) this.select.selectedIndex = 1;
    this.isAlone = !this.isAlone;
    this.role("alone").setAttribute("aria-pressed", String(this.isAlone));
    this.#choose();
  }

  #choose() {
    if (this.layer && this.split.value === "100") this.split.value = "0";
    this.#compare();
    this.role("said").textContent = this.layer ? `${this.#saidOf(this.layer)}.` : "The film as it is.";
  }

  #saidOf(layer) {
    return `${layer.name}${this.isAlone ? ": only what was taken off" : ""}`;
  }

  async #compare() {
    const { layer } = this;
    this.role("problem").hidden = true;
    const wanted = Symbol("the picture asked for last");
    this.wanted = wanted;
    const share = Number(this.split.value) / 100;
    // While blinking the other one is shown: the film where something is off it, else the film without.
    const isFilm = share >= 1;
    if (!layer || isFilm !== Boolean(this.blinking)) return this.veil.show(null);
    try {
      const picture = await this.#pictureOf(layer);
      if (this.wanted !== wanted || this.signal.aborted) return undefined;
      if (this.veil.picture !== picture) this.veil.show(picture, this.#saidOf(layer));
      return this.veil.startAt(this.blinking ? 0 : share);
    } catch (error) {
      return this.#problem(error.message);
    }
  }

  // The pictures that may be asked for, one at a time while nothing else is to be done: the one that is asked for
  // first as soon as the feedback stands, the others once the control is open.
  async #prepare() {
    if (this.preparing) return;
    this.preparing = true;
    const idle = globalThis.requestIdleCallback ?? setTimeout;
    for (const [index, layer] of this.told.layers.entries()) {
      await new Promise((resolve) => idle(resolve));
      if (this.signal.aborted) return;
      if (index > 0 && !this.element.open) break;
      const picture = await this.#pictureOf(layer).catch(() => null); // whoever asks for it is told
      if (index === 0 && picture && !this.signal.aborted) this.veil.expect(picture);
    }
    this.preparing = false;
  }

  // Made once; what failed is tried again when it is asked for again.
  #pictureOf(layer) {
    const key = `${layer.url} ${Boolean(this.isAlone)}`;
    if (!this.made.has(key)) {
      const made = this.#make(layer, this.isAlone);
      made.catch(() => this.made.delete(key));
      this.made.set(key, made);
    }
    return this.made.get(key);
  }

  async #make(layer, alone) {
    const { image } = this.view;
    const [film, grays] = await Promise.all([this.stage.renditions.load(image.url), graysOf(layer.url)]);
    const { center, width } = image.window;
    return withLayer(film, grays, { ...layer, max: image.max }, alone ? center - width / 4 : null);
  }
}

function lowered(words) {
  return words[0].toLowerCase() + words.slice(1);
}
