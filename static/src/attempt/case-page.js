// What the pages of both games share: their stage, their way to the server, their life.
import { Stage } from "../viewer/stage.js";
import { backFromPaper, prepareForPaper } from "./paper.js";
import { loadAhead } from "./prefetch.js";
import { Sending } from "./sending.js";
import { Sheet } from "./sheet.js";
import { Tour } from "./tour.js";

export class CasePage {
  // `given` is what `play` hands every page: {renditions, asked, goOn}.
  constructor(data, given, { stage = {}, sending = {} } = {}) {
    this.data = data;
    this.panel = document.getElementById("panel");
    this.life = new AbortController(); // ends when another case takes this one's place
    const { signal } = this.life;
    const more = (event) => ({ panel: () => this.sheet.toggle(), ...stage.more(event) });
    this.stage = new Stage(data.images, { ...stage, more, renditions: given.renditions, asked: given.asked, signal });
    this.sheet = new Sheet({ signal });
    this.sending = new Sending(data, {
      ...sending,
      panel: this.panel,
      goOn: given.goOn,
      reviewed: () => this.#reviewed(),
      signal,
    });
  }

  get isOpen() {
    return this.data.state === "draft";
  }

  // Whether the answer may be changed: not any more once it is on its way.
  get isPlaying() {
    return this.isOpen && !this.sending.submitting;
  }

  get views() {
    return this.stage.views;
  }

  get autosave() {
    return this.sending.autosave;
  }

  // In each game: startPlaying(), startReview(), and key(event).
  async start() {
    const { signal } = this.life;
    document.addEventListener("keydown", (event) => this.key(event), { signal });
    window.addEventListener("beforeprint", () => prepareForPaper(this.stage.element, this.panel), { signal });
    window.addEventListener("afterprint", () => backFromPaper(this.panel), { signal });
    if (this.isOpen) this.#startPlaying();
    const { state } = this.data; // it may be submitted and scored before the viewer is there
    await this.stage.open();
    if (this.life.signal.aborted) return;
    if (this.isOpen && this.data.urls.onward) this.loadAhead(); // no feedback comes between
    if (this.data.held) return;
    if (state === "scored") this.#reviewed();
    if (state === "submitted") this.sending.awaitScore();
  }

  #startPlaying() {
    this.startPlaying();
    this.tour = new Tour(this.panel);
  }

  #reviewed() {
    this.tour?.end(); // who has submitted a case knows how
    this.sheet.open();
    this.panel.scrollTop = 0; // it was scrolled while playing
    this.startReview();
  }

  // Brings a place on the image into view, wherever the panel lies.
  goTo(place) {
    this.sheet.lower();
    return this.stage.goTo(place);
  }

  loadAhead() {
    this.ahead = loadAhead(this.data.urls.ahead, this.stage.renditions);
  }

  key(event) {
    this.stage.key(event);
  }

  // On to the next case, as the panel's own link does.
  next() {
    this.panel.querySelector(".panel-foot .primary")?.click();
  }

  close() {
    this.life.abort();
  }
}
