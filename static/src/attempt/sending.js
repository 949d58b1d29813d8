// An answer's way to the server: kept as a draft while it is made, submitted once, then waited for.
import { fragmentOf, say } from "../shell/page.js";
import { LOGGED_OUT, Listening, exchange, settled } from "../shell/server.js";
import { uuid } from "../shell/uuid.js";
import { Autosave, STATES } from "./autosave.js";
import { Timer } from "./timer.js";

const isForGood = (status) => status >= 400 && status < 500 && ![401, 403, 408, 409, 429].includes(status);

export class Sending {
  // `answer()` is what is sent; `replace(draft)` takes what another window saved; `saved(body)` hears
  // the server's word on a save; `reviewed()` finds the feedback in the panel; `goOn(url)` opens the next
  // case of a series, and resolves to whether it could; `signal` ends all this.
  constructor(data, { panel, answer, replace, saved = () => {}, reviewed, goOn, signal, delay = 400 }) {
    Object.assign(this, { data, panel, answer, replace, saved, reviewed, goOn, signal, delay });
    this.status = document.getElementById("save-state");
    this.writer = uuid(); // tells this window's saves from another's
    this.started = performance.now();
    this.submitting = false;
  }

  get isOpen() {
    return this.data.state === "draft";
  }

  start() {
    this.autosave = new Autosave({
      version: this.data.draft.version,
      answer: this.answer,
      send: (version, answer) => this.#save(version, answer),
      delay: this.delay,
    });
    this.autosave.addEventListener("state", () => this.#showSaveState());
    this.#bindConflict();
    const unload = (event) => !this.leaving && this.isOpen && this.autosave.unsaved && event.preventDefault();
    window.addEventListener("beforeunload", unload, { signal: this.signal });
    window.addEventListener("pagehide", () => this.autosave.hurry(), { signal: this.signal });
    const hidden = () => document.visibilityState === "hidden" && this.autosave.hurry(); // all that a phone tells
    document.addEventListener("visibilitychange", hidden, { signal: this.signal });
    this.signal.addEventListener("abort", () => this.#leave());
  }

  // Where staying would make no sense.
  #leaveFor(url) {
    this.leaving = true;
    location.assign(url);
  }

  #leave() {
    this.timer?.stop();
    this.autosave.stop();
    this.#hangUp();
  }

  touch() {
    this.autosave.touch();
  }

  // Where the attempt has a limit: `handIn()` submits without asking anything.
  startClock(handIn) {
    const element = document.querySelector("[data-role=timer]");
    if (!this.data.clock || !element) return;
    this.timer = new Timer(element, this.data.clock.left, {
      tell: say,
      ended: async () => {
        for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
        await handIn();
        if (this.refusedForGood && this.data.urls.onward) await this.#toNextOfSeries();
        return !this.isOpen || this.refusedForGood;
      },
    });
  }

  async #save(version, answer) {
    const body = { version, writer: this.writer, ...answer };
    const reply = await exchange("PUT", this.data.urls.draft, body, this.data.csrf);
    if (reply.status === 200 && reply.body) this.saved(reply.body);
    return reply;
  }

  #showSaveState() {
    const { state, detail, conflict } = this.autosave;
    if (state === "conflict" && conflict.state !== "draft") {
      this.#leaveFor(this.data.urls.self); // submitted in another window: there is nothing to decide
      return;
    }
    this.#show(state, STATES[state] + (state === "refused" ? `: ${detail}` : ""));
    document.getElementById("conflict").hidden = state !== "conflict";
  }

  #show(state, words) {
    this.status.textContent = words;
    this.status.dataset.state = state;
  }

  #bindConflict() {
    const bar = document.getElementById("conflict");
    bar.querySelector("[data-role=mine]").addEventListener("click", () => this.autosave.keepMine());
    bar.querySelector("[data-role=theirs]").addEventListener("click", () => {
      this.replace(this.autosave.takeTheirs());
      this.autosave.dirty = false;
    });
  }

  async submit() {
    if (!this.isOpen || this.submitting) return;
    this.submitting = true;
    const button = this.panel.querySelector("[data-role=submit]");
    button.disabled = true;
    this.panel.inert = true; // what is sent is what is there now
    say("Submitting …", { passing: true });
    try {
      await this.autosave.stop();
      await this.#send();
    } finally {
      this.submitting = false;
      if (this.isOpen) this.panel.inert = false;
      button.disabled = Boolean(this.data.urls.onward) && !this.isOpen;
    }
  }

  async #send() {
    this.submission ??= uuid();
    const elapsed = Math.round(performance.now() - this.started);
    const known = { version: this.autosave.version, writer: this.writer };
    const body = { submission: this.submission, elapsed_ms: elapsed, ...known, ...this.answer() };
    if (!this.data.urls.onward) this.listening = new Listening(this.data.urls.socket, { early: true });
    const reply = await exchange("POST", this.data.urls.submit, body, this.data.csrf).catch(() => null);
    if (reply?.status === 409 && reply.body?.state === "draft") {
      this.#hangUp();
      this.autosave.collide(reply.body);
      say("Nothing was submitted yet: decide which of the two answers is yours, above.");
      return;
    }
    const submittedBefore = reply?.status === 409 && reply.body && reply.body.state !== "draft";
    if (reply?.status === 202 || submittedBefore) {
      this.data.state = "submitted";
      this.autosave.dirty = false;
      this.#show("submitted", "submitted");
      this.timer?.stop();
      if (this.data.urls.onward) {
        await this.#toNextOfSeries();
        return;
      }
      history.replaceState(null, "", this.data.urls.self);
      await this.awaitScore();
      return;
    }
    this.#hangUp();
    const other =
      reply?.status === 401
        ? LOGGED_OUT
        : [429, 503].includes(reply?.status)
          ? "The server is busy. Your answer is kept here; submit again in a moment."
          : `The server could not take it (status ${reply?.status}).`;
    const refusal = reply && (reply.body?.error ?? other);
    this.refusedForGood = Boolean(reply) && isForGood(reply.status);
    say(refusal ?? "No connection. Your answer is kept here; submit again in a moment.");
    this.autosave.resume();
  }

  #hangUp() {
    this.listening?.close();
    this.listening = null;
  }

  // Feedback comes when the series is over.
  async #toNextOfSeries() {
    const { onward } = this.data.urls;
    if (!(await this.goOn(onward))) this.#leaveFor(onward);
  }

  async awaitScore() {
    say("Scoring …", { passing: true });
    this.panel.inert = true; // seen, but not changed any more
    const listening = this.listening ?? new Listening(this.data.urls.socket);
    this.listening = null;
    const state = await settled(listening, this.data.urls.status);
    this.data.state = state;
    const feedback = state === "scored" ? await fragmentOf(this.data.urls.result) : null;
    if (feedback === null) {
      this.#leaveFor(this.data.urls.self); // the page itself says what is wrong, or what remains
      return;
    }
    this.panel.innerHTML = feedback; // our own server's escaped template
    globalThis.htmx?.process(this.panel);
    this.panel.inert = false;
    say("");
    this.reviewed();
  }
}
