// What is to be taken out of an image for good: letters that were found, and boxes that the curator draws.
import { say } from "../shell/page.js";
import { LOGGED_OUT, exchange } from "../shell/server.js";

const LETTERS = "black-out";

export class BlackOut {
  // `go(place)` shows a place; `draw()` draws the overlays anew; `isChanged()` says whether something is unsaved.
  constructor(panel, answer, data, { go, draw, focus, isChanged, reload, ask = exchange }) {
    Object.assign(this, { answer, data, go, draw, focus, isChanged, reload, ask });
    this.part = (name) => panel.querySelector(`[data-role=${name}]`);
    this.found = [];
  }

  listen() {
    this.part("look").addEventListener("click", () => this.look());
    this.part("black-all").addEventListener("click", () => this.take(this.found));
    this.part("black").addEventListener("click", () => (this.answer.taking ? this.putDown() : this.#takeUp()));
    if (this.data.may_hold_text) {
      this.part("names").open = true;
      this.look();
    }
  }

  // What was found, as the overlay shows it.
  shown() {
    return this.found.map((place, index) => ({ ...place, id: `${LETTERS}-${index}`, kind: "letters", text: "letters" }));
  }

  async look() {
    this.#state("Looking …");
    try {
      const { status, body } = await this.ask("GET", this.data.urls.lettering);
      if (status !== 200) return this.#state(body?.error ?? LOGGED_OUT);
      this.found = body.boxes;
      this.#state(this.found.length ? "" : "No letters were found. Look yourself as well.");
    } catch {
      this.#state("No connection to the server. Try again in a moment.");
    }
    this.#list();
    this.draw();
  }

  #list() {
    this.part("black-all").hidden = this.found.length < 2;
    this.part("lettering").replaceChildren(
      ...this.found.map((place, index) => {
        const row = document.createElement("li");
        row.append(button(`Letters ${index + 1}`, () => this.go(place)), button("Black out", () => this.take([place])));
        return row;
      }),
    );
  }

  #takeUp() {
    this.answer.taking = (mark) => {
      this.putDown();
      if (mark.box) this.take([mark]);
    };
    this.part("black").setAttribute("aria-pressed", "true");
    this.#state("Draw a box on the image: what lies in it is gone for good.");
    this.focus();
  }

  // False where nothing was in hand.
  putDown() {
    if (!this.answer.taking) return false;
    this.answer.taking = null;
    this.part("black").setAttribute("aria-pressed", "false");
    this.#state("");
    return true;
  }

  // Has the server take these places out, image by image; then the page is loaded anew with what is left.
  async take(places) {
    if (this.busy) return;
    if (this.isChanged()) {
      say("Save what you changed first: the page is loaded anew when something was blacked out.");
      return;
    }
    this.busy = true;
    this.#state("Blacking out …");
    const byImage = new Map();
    for (const { image, box } of places) byImage.set(image, [...(byImage.get(image) ?? []), box]);
    try {
      for (const [image, boxes] of byImage) {
        const { status, body } = await this.ask("POST", this.data.urls.black_out, { image, boxes }, this.data.csrf);
        if (status !== 200) throw new Error(status === 401 ? LOGGED_OUT : (body?.error ?? `The server answered ${status}.`));
      }
      this.reload();
    } catch (problem) {
      this.#state(problem instanceof TypeError ? "No connection to the server: try again in a moment." : problem.message);
    }
    this.busy = false;
  }

  #state(sentence) {
    this.part("lettering-state").textContent = sentence;
  }
}

function button(text, action) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.addEventListener("click", action);
  return made;
}
