// The panel while playing: labels to draw, findings to tick, the marks made so far.

// Labels whose name or slug holds every word typed; names that begin with the text come first.
export function matching(labels, text) {
  const typed = text.trim().toLowerCase();
  const words = typed.split(/\s+/).filter(Boolean);
  const fits = labels.filter(({ name, slug }) => {
    const hay = `${name} ${slug}`.toLowerCase();
    return words.every((word) => hay.includes(word));
  });
  const begins = ({ name }) => (name.toLowerCase().startsWith(typed) ? 0 : 1);
  return words.length ? fits.sort((a, b) => begins(a) - begins(b)) : fits;
}

export class Palette {
  // `panel` is the panel's element; `onLabel(slug)` is called when a draw label is chosen.
  constructor(panel, labels, answer, { onLabel }) {
    Object.assign(this, { panel, labels, answer, onLabel });
    this.names = new Map(labels.map(({ slug, name }) => [slug, name]));
    this.active = null;
    this.search = panel.querySelector("[data-role=search]");
    this.drawList = panel.querySelector("[data-role=draw-labels]");
    this.tickList = panel.querySelector("[data-role=tick-labels]");
    this.markList = panel.querySelector("[data-role=marks]");
    this.normal = panel.querySelector("[data-role=normal]");
    this.#build();
    this.search.addEventListener("input", () => this.filter());
    this.search.addEventListener("keydown", (event) => this.#searchKey(event));
    this.normal.addEventListener("change", () => answer.setNormal(this.normal.checked));
    this.listening = new AbortController();
    const { signal } = this.listening;
    answer.addEventListener("changed", () => this.refresh(), { signal });
    const selected = () => {
      if (this.answer.selected !== this.relabelling) this.relabelling = null;
      this.refresh();
    };
    answer.addEventListener("selected", selected, { signal });
    this.refresh();
  }

  // The panel is about to show something else.
  close() {
    this.listening.abort();
  }

  nameOf(slug) {
    return this.names.get(slug) ?? slug;
  }

  #build() {
    const draw = this.labels.filter(({ mode }) => mode === "draw");
    this.drawList.replaceChildren(
      ...draw.map(({ slug, name, description }, index) => {
        const button = document.createElement("button");
        button.type = "button";
        button.dataset.slug = slug;
        button.title = description || name;
        button.className = "label";
        const key = document.createElement("kbd");
        key.textContent = index < 9 ? String(index + 1) : "";
        button.append(key, name);
        button.addEventListener("click", () => this.choose(slug));
        return button;
      }),
    );
    const ticks = this.labels.filter(({ mode }) => mode === "select");
    this.tickList.replaceChildren(
      ...ticks.map(({ slug, name, description }) => {
        const label = document.createElement("label");
        label.title = description || name;
        label.dataset.slug = slug;
        const box = document.createElement("input");
        box.type = "checkbox";
        box.value = slug;
        box.addEventListener("change", () => this.answer.tick(slug, box.checked));
        label.append(box, name);
        return label;
      }),
    );
  }

  filter() {
    const fits = matching(this.labels, this.search.value).map(({ slug }) => slug);
    const best = this.search.value.trim() ? fits[0] : null;
    for (const item of this.panel.querySelectorAll("[data-slug]")) {
      item.hidden = !fits.includes(item.dataset.slug);
      item.classList.toggle("first", item.dataset.slug === best);
    }
  }

  #searchKey(event) {
    if (event.key === "Escape") {
      this.relabelling = null;
      this.clearSearch();
      this.search.blur();
    } else if (event.key === "Enter") {
      event.preventDefault();
      const best = matching(this.labels, this.search.value)[0];
      if (!this.search.value.trim() || !best) return;
      if (best.mode === "draw") this.choose(best.slug);
      else this.answer.tick(best.slug, !this.answer.ticked.includes(best.slug));
      this.clearSearch();
      this.search.blur();
    }
  }

  clearSearch() {
    this.search.value = "";
    this.filter();
  }

  chooseByNumber(number) {
    const button = this.drawList.querySelectorAll("button")[number - 1];
    if (button) this.choose(button.dataset.slug);
  }

  // A label goes to the selected box if that has none yet; else it is what the next box will be.
  choose(slug) {
    const selected = this.answer.mark(this.answer.selected);
    if (selected && (!selected.label || this.relabelling === selected.id)) {
      this.relabelling = null;
      this.answer.change(selected.id, { label: slug });
    } else {
      this.active = this.active === slug ? null : slug;
      this.answer.select(null);
      this.refresh();
    }
    this.onLabel(slug);
  }

  refresh() {
    for (const button of this.drawList.children) {
      const on = button.dataset.slug === this.active;
      button.classList.toggle("active", on);
      button.setAttribute("aria-pressed", String(on));
    }
    for (const box of this.tickList.querySelectorAll("input")) {
      box.checked = this.answer.ticked.includes(box.value);
    }
    this.normal.checked = this.answer.normal;
    this.#keepingFocus(() => {
      this.markList.replaceChildren(...this.answer.marks.map((mark, index) => this.#row(mark, index)));
    });
    this.panel.querySelector("[data-role=no-marks]").hidden = this.answer.marks.length > 0;
  }

  // Rows are made anew; the keyboard goes on from the same button of the same mark.
  #keepingFocus(rebuild) {
    const focused = document.activeElement;
    const row = focused?.closest("li[data-mark]");
    if (!row || !this.markList.contains(row)) return rebuild();
    const place = [...row.querySelectorAll("button")].indexOf(focused);
    rebuild();
    const again = [...this.markList.children].find(({ dataset }) => dataset.mark === row.dataset.mark);
    again?.querySelectorAll("button")[place]?.focus();
  }

  #row(mark, index) {
    const row = document.createElement("li");
    row.dataset.mark = mark.id;
    row.className = mark.id === this.answer.selected ? "selected" : "";
    const name = document.createElement("button");
    name.type = "button";
    name.className = "mark-name";
    name.textContent = `${index + 1}. ${mark.label ? this.nameOf(mark.label) : "Choose a label"}`;
    name.addEventListener("click", () => this.answer.select(mark.id));
    row.append(name, this.#confidence(mark), this.#tool("tag", "Change the label (R)", () => this.relabel(mark.id)));
    row.append(this.#tool("trash-2", "Delete (Backspace)", () => this.answer.remove(mark.id)));
    return row;
  }

  relabel(id) {
    this.answer.select(id);
    this.relabelling = id;
    this.search.focus();
  }

  #confidence(mark) {
    const group = document.createElement("span");
    group.className = "confidence";
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", "Confidence");
    for (let level = 1; level <= 5; level += 1) {
      const dot = document.createElement("button");
      dot.type = "button";
      dot.textContent = level <= (mark.confidence ?? 0) ? "●" : "○";
      dot.title = `Confidence ${level} of 5`;
      dot.setAttribute("aria-label", dot.title);
      dot.addEventListener("click", () => {
        this.answer.change(mark.id, { confidence: mark.confidence === level ? null : level });
      });
      group.append(dot);
    }
    return group;
  }

  #tool(icon, title, action) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "icon";
    button.title = title;
    button.setAttribute("aria-label", title);
    button.append(iconElement(icon));
    button.addEventListener("click", action);
    return button;
  }
}

export function iconElement(name) {
  const template = document.querySelector("svg.icon-template");
  const svg = template.cloneNode(true);
  svg.setAttribute("class", "lucide");
  svg.removeAttribute("hidden");
  const use = svg.querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*$/, `#${name}`));
  return svg;
}
