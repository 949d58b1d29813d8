// The ticked findings that have a side, as rows of the panel: which side of the patient is it on?

// In the order of the screen, where the patient's right is on the left.
const SIDES = [
  ["right", "Right"],
  ["left", "Left"],
  ["both", "Both"],
];

export class SideList {
  // `list` is the list's element; `isSided(slug)` says which ticks are asked for a side.
  constructor(list, answer, { nameOf, isSided }) {
    Object.assign(this, { list, answer, nameOf, isSided });
  }

  // Rows that stay are not touched, and so keep the keyboard's place.
  refresh() {
    const shown = this.answer.ticked.filter(this.isSided);
    const there = [...this.list.children].map((row) => row.dataset.side);
    for (const row of [...this.list.children]) if (!shown.includes(row.dataset.side)) row.remove();
    this.list.append(...shown.filter((slug) => !there.includes(slug)).map((slug) => this.#row(slug)));
    for (const button of this.list.querySelectorAll("button")) {
      const { of, value } = button.dataset;
      button.setAttribute("aria-pressed", String(this.answer.sides[of] === value));
    }
  }

  #row(slug) {
    const row = document.createElement("li");
    row.dataset.side = slug;
    const group = document.createElement("div");
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", `Side of ${this.nameOf(slug)}`);
    const name = document.createElement("span");
    name.className = "side-of";
    name.textContent = this.nameOf(slug);
    group.append(name, ...SIDES.map(([value, word]) => this.#button(slug, value, word)));
    row.append(group);
    return row;
  }

  #button(slug, value, word) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = word;
    Object.assign(button.dataset, { of: slug, value });
    // The same side again takes it back.
    button.addEventListener("click", () => this.answer.side(slug, this.answer.sides[slug] === value ? null : value));
    return button;
  }
}
