// The feedback: the panel's rows and the boxes on the image move together.

const KIND = {
  hit: "truth hit",
  missed: "truth missed",
  poorly_located: "truth poorly-located",
  wrong_label: "truth wrong-label",
  shown: "truth shown", // told, and not asked for
  before: "truth shown before", // of the prior film
};
const MARK_KIND = {
  hit: "own hit",
  duplicate: "own duplicate",
  poorly_located: "own poorly-located",
  wrong_label: "own wrong-label",
  false: "own false",
};
export const SIGNS = { hit: "✓", missed: "◌", poorly_located: "⤢", wrong_label: "⇄", false: "✕", duplicate: "✓", shown: "" };

// All boxes of a review, truth first so that the learner's thicker lines lie above.
// The other readers' boxes of a finding are shown while it is the `current` one.
export function boxesOf(review, current = null) {
  const truths = review.truths
    .filter(({ box }) => box)
    .map((row) => ({ ...shaped(row), kind: KIND[row.outcome], text: `${SIGNS[row.outcome]} ${row.name}`.trim() }));
  const marks = review.marks.map((row) => ({
    ...shaped(row),
    kind: MARK_KIND[row.outcome],
    text: row.outcome === "hit" ? "" : `${SIGNS[row.outcome]} your ${row.name}`,
  }));
  const shown = review.truths.find(({ id }) => id === current);
  // On a stack a finding shows on further slices.
  const slices = review.truths.flatMap((row) =>
    (row.slices ?? []).map((one) => ({ ...placed(row), ...one, kind: KIND[row.outcome], text: "" })),
  );
  const reader = (place) => ({ ...placed(shown), id: null, ...place, kind: "truth other-reader", text: "" });
  const others = [...(shown?.others ?? []).map((box) => ({ box })), ...(shown?.other_slices ?? [])].map(reader);
  const before = (review.before ?? []).map((row) => ({ ...shaped({ id: null, ...row }), kind: KIND.before, text: row.name }));
  return [...before, ...others, ...slices, ...truths, ...marks];
}

function placed({ id, image, frame, box }) {
  return { id, image, frame, box };
}

// With the shape that the box stands for; other readers and further slices are known by their boxes alone.
function shaped(row) {
  return { ...placed(row), point: row.point, path: row.path, outline: row.outline };
}

// Where a finding's own mark lies beside it on the image, {image, frame, from, to}; null where none was paired with it.
export function flightOf(item, items) {
  const mark = items.get(item?.mark);
  const sameImage = mark?.image === item?.image && (mark?.frame ?? 0) === (item?.frame ?? 0);
  if (!item?.box || !mark?.box || !sameImage) return null;
  return { image: item.image, frame: item.frame ?? 0, from: mark.box, to: item.box };
}

const ROOM = 0.08; // of the image around a tip, to see where it lies

// What of the image is looked at for a row: its box; of a tip what lies around it and around the mark meant for it.
export function inView(item, items) {
  if (!item.point) return item;
  const mark = items.get(item.mark);
  const points = [item.point, mark?.image === item.image ? mark?.point : null].filter(Boolean);
  const [xs, ys] = [0, 1].map((axis) => points.map((point) => point[axis]));
  return { ...item, box: [Math.min(...xs) - ROOM, Math.min(...ys) - ROOM, Math.max(...xs) + ROOM, Math.max(...ys) + ROOM] };
}

export class Review {
  // `go(row)` shows a row's place on the image, or, without one, all of it; `redraw()` draws the boxes again;
  // `fly({image, frame, from, to})` shows by a movement which box a mark was measured against;
  // `closeups.draw(element, row)` fills a row's close-up pair when it is first opened.
  // `told(row)` hears which row was opened.
  constructor(panel, review, { go, redraw, fly = () => {}, closeups = null, told = () => {} }) {
    Object.assign(this, { panel, review, go, redraw, fly, closeups, told });
    this.rows = [...panel.querySelectorAll("[data-row]")];
    this.current = -1;
    this.items = new Map([...review.truths, ...review.marks, ...(review.ticked ?? [])].map((item) => [item.id, item]));
    this.rows.forEach((row, index) => {
      this.#summary(row)?.addEventListener("click", (event) => {
        event.preventDefault();
        if (row.open) row.open = false;
        else this.show(index);
      });
    });
    for (const button of panel.querySelectorAll("[data-step]")) {
      button.addEventListener("click", () => this.step(Number(button.dataset.step)));
    }
    for (const button of panel.querySelectorAll("[data-before]")) {
      button.addEventListener("click", () => this.go(review.before[Number(button.dataset.before)]));
    }
  }

  #summary(row) {
    return row.querySelector("summary");
  }

  get selectedId() {
    return this.rows[this.current]?.dataset.row ?? null;
  }

  // The current row's box and, where the two were paired, the other side's.
  get #lit() {
    const item = this.items.get(this.selectedId);
    return item?.box ? [item.id, item.mark].filter(Boolean) : [];
  }

  boxes() {
    const lit = this.#lit;
    return boxesOf(this.review, this.selectedId).map((box) => ({
      ...box,
      selected: box.id === this.selectedId,
      dim: lit.length > 0 && box.id !== null && !lit.includes(box.id),
    }));
  }

  step(by) {
    if (!this.rows.length) return;
    const next = (this.current + by + this.rows.length) % this.rows.length;
    this.show(this.current < 0 && by < 0 ? this.rows.length - 1 : next);
  }

  // The row that the feedback opens by itself. The keyboard stays at the heading, whose description names
  // the row; the panel moves only where it is not the first.
  open() {
    const index = this.rows.findIndex(({ dataset }) => dataset.row === this.review.open);
    if (index < 0) return;
    this.#become(index);
    if (index > 0) this.rows[index].scrollIntoView({ block: "nearest" });
  }

  // Opens a row, brings its place into the middle and the keyboard to its line, which is read out.
  show(index) {
    const row = this.rows[index];
    this.#become(index);
    this.#summary(row)?.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
    this.#summary(row)?.scrollIntoView({ block: "nearest" }); // of a row taller than the panel, its line
  }

  #become(index) {
    this.current = index;
    this.rows.forEach((row, number) => {
      row.open = number === index;
      row.classList.toggle("current", number === index);
    });
    const row = this.rows[index];
    this.#tellPosition();
    const item = this.items.get(row.dataset.row);
    this.#drawCloseups(row, item);
    this.#goTo(item);
    this.redraw();
    this.told(item);
  }

  async #goTo(item) {
    const flight = flightOf(item, this.items);
    await this.go(item?.box ? inView(item, this.items) : null);
    if (flight && this.selectedId === item.id) this.fly(flight);
  }

  #tellPosition() {
    const line = this.panel.querySelector("[data-role=position]");
    if (line) line.textContent = `${this.current + 1} of ${this.rows.length}`;
  }

  #drawCloseups(row, item) {
    const place = row.querySelector("[data-closeup]");
    if (!place || !item?.closeup || !this.closeups || place.dataset.closeup) return;
    place.dataset.closeup = "drawn";
    this.closeups.draw(place, item.closeup);
  }
}
