// Keeps the draft on the server: one save at a time, the latest state wins, retried when offline.

export const STATES = {
  saved: "saved",
  saving: "saving …",
  offline: "offline, will retry",
  busy: "kept here: the server is busy, will retry",
  refused: "not saved",
  loggedOut: "not saved: log in again in another tab",
  conflict: "changed in another window",
};

export class Autosave extends EventTarget {
  // `send(version, answer)` resolves to {status, body}; `answer()` gives what is to be saved.
  constructor({ version, send, answer, delay = 400, retry = 3000 }) {
    super();
    Object.assign(this, { version, send, answer, delay, retry });
    this.state = "saved";
    this.dirty = false;
    this.busy = null;
    this.stopped = false;
  }

  // Whether closing the page now would lose anything.
  get unsaved() {
    return this.dirty || Boolean(this.busy) || this.state === "conflict";
  }

  touch() {
    this.dirty = true;
    if (!this.stopped) this.#schedule(this.delay);
  }

  #schedule(delay) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), delay);
  }

  #become(state, detail = "") {
    this.state = state;
    this.detail = detail;
    this.dispatchEvent(new Event("state"));
  }

  async flush() {
    clearTimeout(this.timer);
    while (this.busy) await this.busy;
    if (!this.dirty || this.stopped) return;
    this.dirty = false;
    this.#become("saving");
    this.busy = this.#save().finally(() => {
      this.busy = null;
    });
    await this.busy;
    if (this.dirty && this.state === "saving") await this.flush();
  }

  // The page may be gone in a moment: what is not saved is sent now, beside a save that may be under way.
  // The server takes both, for they name the same writer; whether this one arrived is not heard.
  hurry() {
    if (!this.dirty || this.stopped) return;
    if (this.busy) this.send(this.version, this.answer()).catch(() => {});
    else this.flush();
  }

  async #save() {
    let reply;
    try {
      reply = await this.send(this.version, this.answer());
    } catch {
      reply = { status: 0, body: null };
    }
    const { status, body } = reply;
    if (status === 200 && body) {
      this.version = body.version;
      this.#become(this.dirty ? "saving" : "saved");
      return;
    }
    this.dirty = true;
    if (this.stopped) return; // the submission carries it; if that fails, `resume` saves it
    if (status === 409 && body) {
      this.collide(body);
    } else if (status === 401) {
      this.#become("loggedOut");
      this.#schedule(this.retry);
    } else if (status === 0 || status === 429 || status >= 500) {
      this.#become([429, 503].includes(status) ? "busy" : "offline");
      this.#schedule(this.retry);
    } else {
      this.#become("refused", body?.error ?? `The server answered ${status}.`);
    }
  }

  // Another window has saved since: nothing more is sent before the learner has decided.
  collide(body) {
    this.stopped = true;
    this.dirty = true;
    this.conflict = body;
    this.#become("conflict", body.error);
  }

  // After a conflict: go on from the server's version, saving what this window has.
  keepMine() {
    this.version = this.conflict.version;
    this.stopped = false;
    this.touch();
  }

  takeTheirs() {
    this.version = this.conflict.version;
    this.stopped = false;
    this.dirty = false;
    this.#become("saved");
    return this.conflict.draft;
  }

  // While the answer is being submitted nothing is saved beside it.
  async stop() {
    this.stopped = true;
    clearTimeout(this.timer);
    while (this.busy) await this.busy;
  }

  // The submission failed: go on saving. A conflict stays one until it is decided.
  resume() {
    if (this.state === "conflict") return;
    this.stopped = false;
    if (this.dirty) this.#schedule(this.delay);
  }
}
