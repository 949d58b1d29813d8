// The findings of a case as a curator sees them: where they lie, and what is said of each.

const SIDES = [["", "Side: not known"], ["right", "Right"], ["left", "Left"], ["bilateral", "Both sides"]];
const POSITIONS = [["", "Position: not judged"], ["right", "Lies where it should"], ["wrong", "Does not lie where it should"]];

export class TruthList {
  // `list` is the list's element; `go(place)` shows a place; `draw(label)` takes a label in hand.
  constructor(list, truth, { labels, significances, go, draw }) {
    Object.assign(this, { list, truth, significances, go, draw });
    this.labels = new Map(labels.map((label) => [label.slug, label]));
    this.open = new Set();
  }

  nameOf(slug) {
    return this.labels.get(slug)?.name ?? slug ?? "no label yet";
  }

  // Rows whose fields are being typed into are left as they are.
  refresh() {
    const { findings } = this.truth;
    const typing = this.list.contains(document.activeElement) && document.activeElement.closest("[data-finding]")?.dataset.finding;
    const there = new Map([...this.list.children].map((row) => [row.dataset.finding, row]));
    const rows = findings.map((finding, index) => (finding.key === typing && there.get(typing) ? this.#renamed(there.get(typing), finding, index) : this.#row(finding, index)));
    if (typing && findings.some(({ key }) => key === typing)) this.#around(rows, typing);
    else this.list.replaceChildren(...rows);
  }

  #around(rows, typing) {
    for (const row of [...this.list.children]) if (row.dataset.finding !== typing) row.remove();
    const kept = rows.findIndex(({ dataset }) => dataset.finding === typing);
    this.list.prepend(...rows.slice(0, kept));
    this.list.append(...rows.slice(kept + 1));
  }

  #renamed(row, finding, index) {
    row.querySelector("summary").replaceChildren(...this.#summary(finding, index));
    row.classList.toggle("selected", this.#isSelected(finding));
    return row;
  }

  #isSelected({ places }) {
    return places.some(({ id }) => id === this.truth.selected);
  }

  #summary({ label, places }, index) {
    const name = document.createElement("span");
    name.textContent = `${index + 1}. ${this.nameOf(label)}`;
    const count = document.createElement("span");
    count.className = "quiet small";
    const drawn = this.labels.get(label)?.mode === "draw";
    count.textContent = places.length ? `${places.length} place${places.length > 1 ? "s" : ""}` : drawn ? "no place" : "whole image";
    return [name, count];
  }

  #row(finding, index) {
    const { key, places, said, label } = finding;
    const row = document.createElement("li");
    row.dataset.finding = key;
    row.classList.toggle("selected", this.#isSelected(finding));
    const details = document.createElement("details");
    details.open = this.open.has(key);
    details.addEventListener("toggle", () => (details.open ? this.open.add(key) : this.open.delete(key)));
    const summary = document.createElement("summary");
    summary.append(...this.#summary(finding, index));
    summary.addEventListener("click", () => places.length && this.#show(places[0]));
    const change = (name) => (value) => this.truth.say(key, name, value);
    const usual = [["", "Significance: as usual"], ...this.significances];
    details.append(
      summary,
      choice("Side", SIDES, said.side, change("side")),
      choice("Significance", usual, said.significance, change("significance")),
      ...(this.labels.get(label)?.point ? [choice("Position", POSITIONS, said.position, change("position"))] : []),
      words("Sentence", said.sentence, change("sentence"), 2000),
      words("Location", said.location, change("location"), 200),
      words("Severity", said.severity, change("severity"), 20),
      words("Size (mm)", said.size_mm ?? "", change("size_mm"), 8),
      this.#tools(finding),
    );
    row.append(details);
    return row;
  }

  #tools({ key, label, places }) {
    const tools = document.createElement("p");
    tools.className = "finding-tools";
    if (this.labels.get(label)?.mode === "draw") {
      tools.append(button("Add a place", () => ((this.truth.joining = { key, label }), this.draw(label))));
    }
    for (const place of places.slice(0, 30)) {
      if (places.length > 1) tools.append(button(`${place.frame + 1}`, () => this.#show(place), "Go to its place on slice or image"));
    }
    tools.append(button("Delete the finding", () => this.truth.drop(key)));
    return tools;
  }

  #show(place) {
    this.truth.select(place.id);
    const [x, y] = place.point ?? [0, 0];
    this.go({ ...place, box: place.box ?? [x - 0.05, y - 0.05, x + 0.05, y + 0.05] });
  }
}

function button(text, action, title = "") {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  if (title) made.title = title;
  made.addEventListener("click", action);
  return made;
}

function choice(name, options, value, changed) {
  const made = document.createElement("select");
  made.setAttribute("aria-label", name);
  for (const [key, text] of options) made.append(new Option(text, key, false, key === (value ?? "")));
  if (value && made.value !== value) made.append(new Option(value, value, true, true)); // as its source has it
  made.addEventListener("change", () => changed(made.value));
  return made;
}

function words(name, value, changed, longest) {
  const label = document.createElement("label");
  label.textContent = name;
  const made = document.createElement(longest > 500 ? "textarea" : "input");
  Object.assign(made, { value: value ?? "", maxLength: longest });
  if (longest > 500) made.rows = 2;
  made.addEventListener("input", () => changed(made.value));
  label.append(made);
  return label;
}
