// The learner's marks as rows of the panel: select, say how sure, relabel, delete.
import { iconElement } from "../shell/icons.js";
import { changeQuestion } from "./change-question.js";
import { confidenceGroup } from "./confidence.js";
import { positionQuestion } from "./position-question.js";

export class MarkList {
  // `list` is the list's element; `relabel(id)` asks for a mark's new label; `asksChange(label)` says whether a
  // mark of that label is asked what has become of it since a prior film.
  constructor(list, answer, { nameOf, isPoint, relabel, asksChange = () => false }) {
    Object.assign(this, { list, answer, nameOf, isPoint, relabel, asksChange });
  }

  refresh() {
    this.#keepingFocus(() => {
      this.list.replaceChildren(...this.answer.marks.map((mark, index) => this.#row(mark, index)));
    });
  }

  // Rows are made anew; the keyboard goes on from the same button of the same mark.
  #keepingFocus(rebuild) {
    const focused = document.activeElement;
    const row = focused?.closest("li[data-mark]");
    if (!row || !this.list.contains(row)) return rebuild();
    const does = focused.dataset.does;
    rebuild();
    const again = [...this.list.children].find(({ dataset }) => dataset.mark === row.dataset.mark);
    const same = [...(again?.querySelectorAll("button") ?? [])].find(({ dataset }) => dataset.does === does);
    (same ?? again?.querySelector("button") ?? this.list.querySelector("button"))?.focus();
  }

  #row(mark, index) {
    const selected = mark.id === this.answer.selected;
    const row = document.createElement("li");
    row.dataset.mark = mark.id;
    row.className = selected ? "selected" : "";
    row.append(this.#name(mark, index, selected));
    row.append(this.#tool("tag", "Change the label (R)", mark, index, () => this.relabel(mark.id)));
    row.append(this.#tool("trash-2", "Delete (Backspace)", mark, index, () => this.answer.remove(mark.id)));
    if (mark.label && this.isPoint(mark.label)) row.append(this.#position(mark));
    if (mark.label && this.asksChange(mark.label)) row.append(this.#change(mark));
    if (selected) row.append(this.#confidence(mark));
    return row;
  }

  #position(mark) {
    const answered = (position) => this.answer.change(mark.id, { position });
    return positionQuestion(mark, this.nameOf(mark.label), { button, answered });
  }

  #change(mark) {
    const answered = (change) => this.answer.change(mark.id, { change });
    return changeQuestion(mark, this.nameOf(mark.label), { button, answered });
  }

  // Brings the row of a mark, with its questions, to where it is seen.
  show(id) {
    [...this.list.children].find(({ dataset }) => dataset.mark === id)?.scrollIntoView?.({ block: "nearest" });
  }

  #name(mark, index, selected) {
    const name = button("name", () => this.answer.select(mark.id));
    name.className = "mark-name";
    name.textContent = `${index + 1}. ${mark.label ? this.nameOf(mark.label) : "Choose a label"}`;
    name.setAttribute("aria-pressed", String(selected));
    if (mark.confidence && !selected) name.append(` ${"●".repeat(mark.confidence)}${"○".repeat(5 - mark.confidence)}`);
    return name;
  }

  #confidence(mark) {
    const choose = (level) => this.answer.change(mark.id, { confidence: mark.confidence === level ? null : level });
    return confidenceGroup(mark.confidence, choose);
  }

  #tool(icon, title, mark, index, action) {
    const made = button(icon, action);
    made.className = "icon";
    made.title = title;
    const what = mark.label ? this.nameOf(mark.label) : "no label yet";
    made.setAttribute("aria-label", `${title.replace(/ \(.*/, "")}: ${index + 1}, ${what}`);
    made.append(iconElement(icon));
    return made;
  }
}

function button(does, action) {
  const made = document.createElement("button");
  made.type = "button";
  made.dataset.does = does;
  made.addEventListener("click", action);
  return made;
}
