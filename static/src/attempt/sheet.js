// The panel as a sheet: open beside the image, put away, or, in a small window, tall over the image.

const SWIPE = 24; // pixels that a finger moves before a press on the handle is a swipe

export class Sheet {
  constructor({ signal }) {
    this.workspace = document.getElementById("workspace");
    this.button = this.workspace.querySelector("[data-action=panel]");
    this.button.querySelector("[data-role=panel-name]").textContent = document.getElementById("panel").getAttribute("aria-label");
    this.handle = this.workspace.querySelector("[data-role=taller]");
    this.handle.addEventListener("click", () => this.#become(this.state === "tall" ? "open" : "tall"));
    this.handle.addEventListener("pointerdown", (event) => this.#grasp(event));
    // Whatever on the image is looked at or worked on lies free.
    document.getElementById("stage").addEventListener("focusin", () => this.lower(), { signal });
  }

  get state() {
    return this.workspace.dataset.panel;
  }

  #become(state) {
    this.workspace.dataset.panel = state;
    this.button.setAttribute("aria-expanded", String(state !== "closed"));
    this.handle.setAttribute("aria-pressed", String(state === "tall"));
  }

  // The handle swiped up or down leads to the next state that way, as a press does for who cannot swipe.
  #grasp({ clientY, pointerId }) {
    this.handle.setPointerCapture?.(pointerId);
    const swiped = (event) => {
      const way = event.clientY - clientY;
      if (Math.abs(way) < SWIPE) return;
      this.handle.addEventListener("click", (click) => click.stopImmediatePropagation(), { capture: true, once: true });
      if (way < 0) this.#become("tall");
      else this.#become(this.state === "tall" ? "open" : "closed");
    };
    this.handle.addEventListener("pointerup", swiped, { once: true });
    this.handle.addEventListener("pointercancel", () => this.handle.removeEventListener("pointerup", swiped), { once: true });
  }

  toggle() {
    this.#become(this.state === "closed" ? "open" : "closed");
  }

  // Before something in the panel is looked for.
  open() {
    if (this.state === "closed") this.#become("open");
  }

  // Before something on the image is looked for.
  lower() {
    if (this.state === "tall") this.#become("open");
  }
}
