// The feedback on a report: words in both texts and the notes below are linked; one lights its pair.

export class Highlights {
  // `go(noteId)` shows a note's place on the image, where there is one.
  constructor(panel, { go }) {
    Object.assign(this, { panel, go });
    this.notes = [...panel.querySelectorAll("[data-note]")];
    this.said = [...panel.querySelectorAll("[data-notes]")];
    this.current = -1;
    for (const place of [...this.notes, ...this.said]) {
      const ids = idsOf(place);
      place.addEventListener("pointerenter", () => this.light(ids));
      place.addEventListener("pointerleave", () => this.light(this.#kept()));
      place.addEventListener("focus", () => this.light(ids));
    }
    for (const word of this.said) {
      word.addEventListener("click", () => this.show(this.notes.findIndex((note) => idsOf(word).includes(note.dataset.note))));
    }
    this.notes.forEach((note, index) => {
      note.addEventListener("click", (event) => {
        if (!event.target.closest("details, a, button, input")) this.show(index);
      });
    });
  }

  #kept() {
    return this.current < 0 ? [] : idsOf(this.notes[this.current]);
  }

  light(ids) {
    for (const place of [...this.notes, ...this.said]) {
      place.classList.toggle("lit", idsOf(place).some((id) => ids.includes(id)));
    }
  }

  step(by) {
    if (!this.notes.length) return;
    const from = this.current < 0 && by < 0 ? 0 : this.current;
    this.show((from + by + this.notes.length) % this.notes.length);
  }

  show(index) {
    if (index < 0) return;
    this.current = index;
    this.notes.forEach((note, number) => note.classList.toggle("current", number === index));
    const note = this.notes[index];
    this.light(idsOf(note));
    note.scrollIntoView?.({ block: "nearest" });
    this.go(note.dataset.note);
  }
}

function idsOf(place) {
  return place.dataset.note ? [place.dataset.note] : place.dataset.notes.split(" ");
}
