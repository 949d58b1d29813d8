// The feedback: the panel's rows and the boxes on the image move together.

const KIND = {
  hit: "truth hit",
  missed: "truth missed",
  poorly_located: "truth poorly-located",
  wrong_label: "truth wrong-label",
};
const MARK_KIND = {
  hit: "own hit",
  duplicate: "own duplicate",
  poorly_located: "own poorly-located",
  wrong_label: "own wrong-label",
  false: "own false",
};
export const SIGNS = { hit: "✓", missed: "◌", poorly_located: "⤢", wrong_label: "⇄", false: "✕", duplicate: "✓" };

// All boxes of a review, truth first so that the learner's thicker lines lie above.
export function boxesOf(review) {
  const truths = review.truths
    .filter(({ box }) => box)
    .map((row) => ({
      id: row.id,
      image: row.image,
      frame: row.frame,
      box: row.box,
      kind: KIND[row.outcome],
      text: `${SIGNS[row.outcome]} ${row.name}`,
    }));
  const marks = review.marks.map((row) => ({
    id: row.id,
    image: row.image,
    frame: row.frame,
    box: row.box,
    kind: MARK_KIND[row.outcome],
    text: row.outcome === "hit" ? "" : `${SIGNS[row.outcome]} your ${row.name}`,
  }));
  return [...truths, ...marks];
}

export class Review {
  // `go(row)` shows a row's place on the image; `overlays` are drawn again when the row changes.
  constructor(panel, review, { go, redraw }) {
    Object.assign(this, { panel, review, go, redraw });
    this.rows = [...panel.querySelectorAll("[data-row]")];
    this.current = -1;
    this.items = [...review.truths, ...review.marks.filter(({ outcome }) => outcome !== "hit")];
    this.rows.forEach((row, index) => {
      row.querySelector("summary")?.addEventListener("click", (event) => {
        event.preventDefault();
        if (row.open) row.open = false;
        else this.show(index);
      });
    });
  }

  get selectedId() {
    return this.rows[this.current]?.dataset.row ?? null;
  }

  boxes() {
    return boxesOf(this.review).map((box) => ({ ...box, selected: box.id === this.selectedId }));
  }

  step(by) {
    if (!this.rows.length) return;
    const next = (this.current + by + this.rows.length) % this.rows.length;
    this.show(this.current < 0 && by < 0 ? this.rows.length - 1 : next);
  }

  show(index) {
    this.current = index;
    this.rows.forEach((row, number) => {
      row.open = number === index;
      row.classList.toggle("current", number === index);
    });
    const row = this.rows[index];
    row.scrollIntoView({ block: "nearest" });
    const item = this.items.find(({ id }) => id === row.dataset.row);
    if (item?.box) this.go(item);
    this.redraw();
  }
}
