// The panel while playing: labels to draw, findings to tick, the marks made so far.
import { iconElement } from "../shell/icons.js";
import { say } from "../shell/page.js";
import { changeInWords, putAway } from "./announce.js";
import { nextChange } from "./change-question.js";
import { confidenceGroup } from "./confidence.js";
import { LabelCard } from "./label-card.js";
import { MarkList } from "./mark-list.js";
import { foundBy, matching } from "./matching.js";
import { noteLabel, recentLabels } from "./recent.js";
import { SideList } from "./side-list.js";

const NUMBERED = 9;

export class Palette {
  // `panel` is the panel's element; `onLabel(slug)` is called when a draw label is chosen; `asksChange` says that
  // there is a prior film to compare with.
  constructor(panel, labels, answer, { onLabel, asksChange = false }) {
    Object.assign(this, { panel, labels, answer, onLabel, asksChange });
    this.bySlug = new Map(labels.map((label) => [label.slug, label]));
    this.active = null;
    this.relabeling = null;
    this.best = null;
    this.search = this.#role("search");
    this.drawList = this.#role("draw-labels");
    this.tickList = this.#role("tick-labels");
    this.variantList = this.#role("variant-labels");
    this.normal = this.#role("normal");
    this.listening = new AbortController();
    const { signal } = this.listening;
    this.marks = new MarkList(this.#role("marks"), answer, {
      nameOf: (slug) => this.nameOf(slug),
      isPoint: (slug) => this.isPoint(slug),
      relabel: (id) => this.relabel(id),
      asksChange: (slug) => this.#asksChange(slug),
    });
    this.sides = new SideList(this.#role("sides"), answer, {
      nameOf: (slug) => this.nameOf(slug),
      isSided: (slug) => Boolean(this.bySlug.get(slug)?.sided),
    });
    this.#build();
    this.card = new LabelCard(panel, labels, { signal });
    this.#listen(signal);
    this.before = answer.state;
    this.refresh();
  }

  #role(name) {
    return this.panel.querySelector(`[data-role=${name}]`);
  }

  #listen(signal) {
    this.search.addEventListener("input", () => this.filter(), { signal });
    this.search.addEventListener("keydown", (event) => this.#searchKey(event), { signal });
    this.normal.addEventListener("change", () => this.answer.setNormal(this.normal.checked), { signal });
    this.answer.addEventListener("changed", () => this.#changed(), { signal });
    this.answer.addEventListener("selected", () => this.refresh(), { signal });
  }

  // The panel is about to show something else.
  close() {
    this.card.hide();
    this.listening.abort();
  }

  nameOf(slug) {
    return this.bySlug.get(slug)?.name ?? slug;
  }

  // Whether a label is marked by a click on where it ends.
  isPoint(slug) {
    return Boolean(this.bySlug.get(slug)?.point);
  }

  #build() {
    const findings = this.labels.filter(({ variant }) => !variant);
    const draw = findings.filter(({ mode }) => mode === "draw");
    this.drawList.replaceChildren(...draw.map((label, index) => this.#drawButton(label, index)));
    const ticks = findings.filter(({ mode }) => mode === "select");
    this.tickList.replaceChildren(...ticks.map((label) => this.#tickBox(label)));
    const variants = this.labels.filter(({ variant }) => variant);
    this.variantList.replaceChildren(...variants.map((label) => this.#itemFor(label)));
  }

  #itemFor(label) {
    return label.mode === "draw" ? this.#drawButton(label) : this.#tickBox(label);
  }

  #drawButton({ slug, name, short, point }, index = NUMBERED) {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.slug = slug;
    button.className = "label";
    const key = document.createElement("kbd");
    key.textContent = index < NUMBERED ? String(index + 1) : "";
    button.append(key, namesOf(name, short));
    if (point) button.append(byTip());
    button.addEventListener("click", () => this.choose(slug));
    return button;
  }

  #tickBox({ slug, name, short }) {
    const label = document.createElement("label");
    label.dataset.slug = slug;
    const box = document.createElement("input");
    box.type = "checkbox";
    box.value = slug;
    box.addEventListener("change", () => this.answer.tick(slug, box.checked));
    label.append(box, namesOf(name, short));
    return label;
  }

  // Shows what fits; the best of it is what Enter will take.
  filter(step = 0) {
    const text = this.search.value;
    const typed = Boolean(text.trim());
    const fits = matching(this.labels, text).map(({ slug }) => slug);
    const at = step ? fits.indexOf(this.best) + step : 0;
    this.best = typed ? (fits[(at + fits.length) % fits.length] ?? null) : null;
    for (const item of this.panel.querySelectorAll("[data-slug]")) {
      const { slug } = item.dataset;
      item.hidden = !fits.includes(slug);
      item.classList.toggle("first", slug === this.best);
      showSynonym(item, typed ? foundBy(this.bySlug.get(slug), text) : "");
    }
    this.panel.classList.toggle("filtering", typed);
    this.#first()?.scrollIntoView?.({ block: "nearest" });
    if (typed) this.announce(fits.length ? `${fits.length} fit. Enter takes ${this.#bestInWords()}.` : "No label fits.");
    const none = this.#role("no-labels");
    if (none) none.hidden = !typed || fits.length > 0;
  }

  #bestInWords() {
    const { name, variant } = this.bySlug.get(this.best);
    return variant ? `${name}, a normal variant or pitfall` : name;
  }

  #first() {
    return this.best && this.panel.querySelector(`[data-slug="${this.best}"].first`);
  }

  #searchKey(event) {
    if (event.key === "Escape") {
      this.relabeling = null;
      this.#leaveSearch();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (this.best) this.filter(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter") {
      event.preventDefault();
      this.#takeBest();
    }
  }

  #takeBest() {
    const label = this.bySlug.get(this.best);
    if (!label) return;
    if (label.mode === "draw") this.choose(label.slug);
    else this.answer.tick(label.slug, !this.answer.ticked.includes(label.slug));
    this.#leaveSearch();
  }

  #leaveSearch() {
    this.clearSearch();
    this.search.blur();
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
    if (selected && (!selected.label || this.relabeling === selected.id)) {
      this.relabeling = null;
      this.answer.relabel(selected.id, slug, this.isPoint(slug));
    } else {
      this.active = this.active === slug ? null : slug;
      this.answer.select(null);
      const how = this.isPoint(slug) ? "click on its tip, or press K to mark" : "draw its box, or press K to draw";
      this.announce(this.active ? `${this.nameOf(slug)}: ${how} by keyboard.` : "No label chosen.");
      this.refresh();
    }
    this.onLabel(slug);
  }

  // How sure the learner is of the selected box, or that nothing is abnormal; the same level again takes it back.
  confide(level) {
    const mark = this.answer.mark(this.answer.selected);
    if (!mark) return this.answer.normal ? this.answer.beSure(level) : false;
    return this.answer.change(mark.id, { confidence: mark.confidence === level ? null : level });
  }

  // Whether the selected device lies where it should; the same answer again leaves it open.
  judge(position) {
    const mark = this.answer.mark(this.answer.selected);
    if (!mark?.label || !this.isPoint(mark.label)) return false;
    return this.answer.change(mark.id, { position: mark.position === position ? null : position });
  }

  // What has become of the selected finding since the prior film: the next answer.
  compare() {
    const mark = this.answer.mark(this.answer.selected);
    if (!mark?.label || !this.#asksChange(mark.label)) return false;
    return this.answer.change(mark.id, { change: nextChange(mark.change) });
  }

  // Normal variants and pitfalls are not asked for.
  #asksChange(slug) {
    return this.asksChange && !this.bySlug.get(slug)?.variant;
  }

  // Marks whose change was asked for and not told.
  get uncompared() {
    return this.answer.marks.filter(({ label, change }) => label && !change && this.#asksChange(label));
  }

  relabel(id) {
    this.answer.select(id);
    this.relabeling = id;
    this.search.focus();
  }

  announce(sentence) {
    const line = this.#role("announce");
    if (line) line.textContent = sentence;
  }

  #changed() {
    const { before } = this;
    const after = this.answer.state;
    this.before = after;
    this.announce(changeInWords(before, after, (slug) => this.nameOf(slug)));
    say(putAway(before, after));
    this.#noteRecent(before, after);
    this.refresh();
    if (after.marks.length > before.marks.length && after.marks.at(-1).point) this.marks.show(after.marks.at(-1).id);
  }

  #noteRecent(before, after) {
    const used = ({ marks, ticked }) => [...marks.map(({ label }) => label), ...ticked].filter(Boolean);
    const old = used(before);
    for (const slug of used(after)) if (!old.includes(slug)) noteLabel(slug);
  }

  refresh() {
    if (this.answer.selected !== this.relabeling) this.relabeling = null;
    this.#refreshRecent();
    for (const button of this.panel.querySelectorAll("button.label")) {
      const on = button.dataset.slug === this.active;
      button.classList.toggle("active", on);
      button.setAttribute("aria-pressed", String(on));
    }
    for (const box of this.panel.querySelectorAll("[data-slug] input")) {
      box.checked = this.answer.ticked.includes(box.value);
    }
    this.normal.checked = this.answer.normal;
    this.#refreshSure();
    this.marks.refresh();
    this.sides.refresh();
    // At the desk findings without a place count, too.
    this.#role("no-marks").hidden = (this.answer.findings ?? this.answer.marks).length > 0;
  }

  // Asked where "no abnormality" is said; the keyboard stays at its dot.
  #refreshSure() {
    const place = this.#role("normal-sure");
    if (!place) return;
    const does = place.contains(document.activeElement) ? document.activeElement.dataset.does : null;
    const { normal, sure } = this.answer;
    place.hidden = !normal;
    place.replaceChildren(...(normal ? [confidenceGroup(sure, (level) => this.answer.beSure(level), "no abnormality")] : []));
    if (does) place.querySelector(`[data-does=${does}]`)?.focus();
  }

  #refreshRecent() {
    const row = this.#role("recent");
    if (!row) return;
    const kept = recentLabels().map((slug) => this.bySlug.get(slug)).filter(Boolean);
    const shown = [...row.children].map(({ dataset }) => dataset.slug);
    if (kept.map(({ slug }) => slug).join() !== shown.join()) {
      row.replaceChildren(...kept.map((label) => this.#itemFor(label)));
    }
    row.parentElement.hidden = !kept.length;
  }
}

// Tells a label that is marked by one click from those that are boxes.
function byTip() {
  const sign = iconElement("crosshair");
  sign.classList.add("by-tip");
  const words = document.createElement("span");
  words.className = "visually-hidden";
  words.textContent = ", marked by its tip";
  const both = document.createDocumentFragment();
  both.append(sign, words);
  return both;
}

// Says by which other word a label was found.
function showSynonym(item, synonym) {
  item.querySelector(".synonym")?.remove();
  if (!synonym) return;
  const note = document.createElement("span");
  note.className = "synonym quiet";
  note.textContent = synonym;
  item.append(note);
}

// The short name to see, and the whole one to be read out (and to see while typing).
function namesOf(name, short) {
  const shown = document.createElement("span");
  shown.textContent = short || name;
  if (!short || short === name) return shown;
  const whole = document.createElement("span");
  whole.className = "whole-name";
  whole.textContent = `: ${name}`;
  shown.append(whole);
  return shown;
}
