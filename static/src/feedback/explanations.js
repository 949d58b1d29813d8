// A model's explanation in place of the atlas text: asked for when a finding is opened, written as it comes.
// The atlas text stays, or comes back, whenever there is none that may be shown.
import { exchange } from "../shell/server.js";
import { offerRating } from "./rating.js";

const PATIENCE_MS = 120_000;

export class Explanations {
  constructor(panel, { urls, csrf }, { Socket = WebSocket, patience = PATIENCE_MS } = {}) {
    this.panel = panel;
    this.urls = urls;
    this.csrf = csrf;
    this.Socket = Socket;
    this.patience = patience;
    this.socket = null;
    this.waiting = new Map();
    this.asked = new Set();
    // "toggle" does not bubble, but can be caught on its way down.
    panel.addEventListener("toggle", (event) => this.#opened(event.target), true);
  }

  #opened(finding) {
    const place = finding.open && finding.querySelector?.("[data-explain]");
    if (this.urls.explain && place && !this.asked.has(place.dataset.explain)) this.ask(place.dataset.explain);
  }

  async ask(row) {
    this.asked.add(row);
    await this.#connected();
    this.waiting.set(row, setTimeout(() => this.told({ row, state: "none" }), this.patience));
    const reply = await exchange("POST", this.urls.explain, { row }, this.csrf).catch(() => null);
    if (reply?.status !== 202) this.told(reply?.status === 200 ? reply.body : { row, state: "none" });
  }

  told({ row, state, text, badge, ...rated }) {
    const place = this.panel.querySelector(`[data-explain="${CSS.escape(row)}"]`);
    if (!place || !this.waiting.has(row)) return;
    const words = place.querySelector(".explanation");
    const label = place.querySelector("[data-role=badge]");
    place.dataset.atlas ??= words.textContent;
    const settled = state !== "writing";
    words.setAttribute("aria-busy", String(!settled));
    words.textContent = state === "none" ? place.dataset.atlas : text;
    label.textContent = { writing: "Model, being written …", done: badge }[state] ?? "Atlas";
    if (state === "done") offerRating(place, rated, { url: this.urls.rate, csrf: this.csrf });
    if (settled) this.#finish(row);
  }

  #finish(row) {
    clearTimeout(this.waiting.get(row));
    this.waiting.delete(row);
    if (!this.waiting.size) this.#hangUp();
  }

  #hangUp() {
    this.socket?.close();
    this.socket = null;
  }

  // Nobody waits for any more of them.
  close() {
    for (const timer of this.waiting.values()) clearTimeout(timer);
    this.waiting.clear();
    this.#hangUp();
  }

  // Resolves when the socket listens, or cannot be had: then only a kept text can be shown.
  #connected() {
    if (this.socket) return Promise.resolve();
    return new Promise((resolve) => {
      try {
        this.socket = new this.Socket(new URL(this.urls.socket, location.href.replace(/^http/, "ws")));
      } catch {
        resolve();
        return;
      }
      const socket = this.socket;
      socket.onmessage = (event) => {
        const { explanation, state } = JSON.parse(event.data);
        if (explanation) this.told(explanation);
        if (state) resolve(); // the first message: this page is in the attempt's group
      };
      socket.onerror = resolve;
      socket.onclose = () => {
        resolve();
        if (this.socket !== socket) return;
        this.socket = null;
        for (const row of [...this.waiting.keys()]) this.told({ row, state: "none" });
      };
    });
  }
}
