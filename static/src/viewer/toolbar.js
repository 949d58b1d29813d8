// The toolbar: buttons by data-action, with the key each has now; what does not fit goes into a menu.

const PRESSED = {
  hide: ({ hidden }) => hidden,
  magnify: ({ magnifier }) => magnifier.on,
  link: ({ links }) => links.on,
  invert: ({ view }) => view?.viewer?.inverted,
  contrast: ({ view }) => view?.viewer?.contrast,
  length: ({ measurements }) => measurements.tool === "length",
  angle: ({ measurements }) => measurements.tool === "angle",
  ratio: ({ measurements }) => measurements.tool === "ratio",
};

export class Toolbar {
  constructor(element, stage) {
    Object.assign(this, { element, stage });
    this.tools = element.querySelector("[data-role=tools]");
    this.more = element.querySelector("[data-role=more]");
    this.menu = element.querySelector("[data-role=more-tools]");
    this.presets = element.querySelector("[data-role=presets]");
    this.nextView = element.querySelector("[data-role=next-view]");
    this.all = [...this.tools.children];
    for (const item of this.all) if (item.dataset.needs === "several") item.hidden = stage.images.length < 2;
    for (const button of document.querySelectorAll("[data-action]")) {
      button.addEventListener("click", () => stage.do(button.dataset.action));
    }
    this.presets.addEventListener("change", () => this.#choosePreset());
    this.more.addEventListener("click", () => this.#openMenu(this.menu.hidden));
    const { signal } = stage;
    document.addEventListener("pointerdown", ({ target }) => element.contains(target) || this.#openMenu(false), { signal });
    const resizing = new ResizeObserver(() => this.#fit());
    resizing.observe(element);
    signal.addEventListener("abort", () => resizing.disconnect());
    document.fonts?.ready.then(() => this.#fit());
  }

  #choosePreset() {
    this.stage.view.viewer.choosePreset(Number(this.presets.value));
    this.stage.focus();
  }

  #openMenu(open) {
    this.menu.hidden = !open;
    this.more.setAttribute("aria-expanded", String(open));
  }

  // From the right, into the menu, until the rest has room.
  #fit() {
    this.tools.append(...this.all);
    this.more.hidden = true;
    const fits = () => this.tools.scrollWidth <= this.tools.clientWidth;
    const moved = [];
    for (const item of [...this.all].reverse()) {
      if (fits()) break;
      this.more.hidden = false;
      moved.unshift(item);
      this.menu.replaceChildren(...moved);
    }
    if (!moved.length) this.#openMenu(false);
  }

  // What is on, which keys there are, the presets of the focused view, and what the tool in hand wants.
  show() {
    const { stage } = this;
    for (const button of document.querySelectorAll("[data-action]")) {
      const { action, tip } = button.dataset;
      const key = stage.bindings.shown(action);
      if (tip) button.title = key ? `${tip} (${key})` : tip;
      if (PRESSED[action]) button.setAttribute("aria-pressed", String(Boolean(PRESSED[action](stage))));
    }
    for (const key of document.querySelectorAll("kbd[data-key]")) key.textContent = stage.bindings.shown(key.dataset.key);
    this.#showPresets(stage.view?.viewer);
    this.#showNextView();
    const hint = document.querySelector("[data-role=tool-hint]");
    const instruction = stage.measurements.instruction;
    if (hint.textContent !== instruction) hint.textContent = instruction;
    hint.hidden = !instruction;
  }

  // Which of the views is shown, where they do not all hang.
  #showNextView() {
    const { hanging, focused } = this.stage;
    const place = `${hanging.order.indexOf(focused) + 1} / ${hanging.order.length}`;
    if (this.nextView.hidden === !hanging.isShort && this.nextView.textContent === place) return;
    this.nextView.hidden = !hanging.isShort;
    this.nextView.textContent = place;
    this.nextView.setAttribute("aria-label", `View ${place.replace("/", "of")}; show the next`);
    this.#fit(); // its width has changed
  }

  #showPresets(viewer) {
    if (!viewer?.shown) return;
    const names = viewer.presets.map(({ name }) => name);
    const said = names.join();
    if (this.presets.dataset.said !== said) {
      this.presets.replaceChildren(...names.map((name, place) => option(name, String(place))), option("By hand", ""));
      this.presets.lastElementChild.disabled = true;
      this.presets.dataset.said = said;
      this.#fit(); // its width has changed
    }
    const chosen = viewer.presets.indexOf(viewer.preset);
    this.presets.value = chosen < 0 ? "" : String(chosen);
  }
}

function option(name, value) {
  const made = document.createElement("option");
  made.textContent = name;
  made.value = value;
  return made;
}
