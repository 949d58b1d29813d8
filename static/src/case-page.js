// What the pages of both games share: their stage, their way to the server, their life.
import { loadAhead } from "./prefetch.js";
import { Sending } from "./sending.js";
import { Stage } from "./stage.js";

export class CasePage {
  // `given` is what `play` hands every page: {renditions, asked, goOn}.
  constructor(data, given, { stage = {}, sending = {} } = {}) {
    this.data = data;
    this.panel = document.getElementById("panel");
    this.life = new AbortController(); // ends when another case takes this one's place
    const { signal } = this.life;
    this.stage = new Stage(data.images, { ...stage, renditions: given.renditions, asked: given.asked, signal });
    this.sending = new Sending(data, {
      ...sending,
      panel: this.panel,
      goOn: given.goOn,
      reviewed: () => this.startReview(),
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
    document.addEventListener("keydown", (event) => this.key(event), { signal: this.life.signal });
    if (this.isOpen) this.startPlaying();
    const { state } = this.data; // it may be submitted and scored before the viewer is there
    await this.stage.open();
    if (this.life.signal.aborted) return;
    if (this.isOpen && this.data.urls.onward) this.loadAhead(); // no feedback comes between
    if (this.data.held) return;
    if (state === "scored") this.startReview();
    if (state === "submitted") this.sending.awaitScore();
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
