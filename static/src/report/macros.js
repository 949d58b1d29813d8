// The dialog of a learner's own macros: listed, made, changed, deleted, kept on the server.
import { openDialog } from "../shell/dialogs.js";
import { exchange } from "../shell/server.js";

export class Macros {
  constructor(dialog, { macros, url, csrf }) {
    Object.assign(this, { dialog, list: macros, url, csrf });
    this.problem = dialog.querySelector("[data-role=macro-problem]");
    dialog.querySelector("[data-role=macro-form]").addEventListener("submit", (event) => this.#keep(event));
  }

  open() {
    this.#show();
    openDialog(this.dialog);
  }

  async #keep(event) {
    event.preventDefault();
    const { name, text } = event.target.elements;
    if (await this.#change("POST", { name: name.value, text: text.value })) event.target.reset();
  }

  // Returns whether the server took it.
  async #change(method, body) {
    let words = "";
    try {
      const reply = await exchange(method, this.url, body, this.csrf);
      if (reply.status === 200) this.list = reply.body.macros;
      else words = reply.body?.error ?? `The server answered ${reply.status}.`;
    } catch {
      words = "No connection. Try again in a moment.";
    }
    this.problem.textContent = words;
    this.#show();
    return !words;
  }

  #show() {
    const rows = this.list.map((macro) => this.#row(macro));
    this.dialog.querySelector("[data-role=macro-list]").replaceChildren(...rows);
  }

  #row({ name, text }) {
    const row = document.createElement("li");
    const term = document.createElement("code");
    term.textContent = `.${name}`;
    const words = document.createElement("span");
    words.textContent = text;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Delete";
    button.setAttribute("aria-label", `Delete the macro ${name}`);
    button.addEventListener("click", () => this.#change("DELETE", { name }));
    row.append(term, words, button);
    return row;
  }
}
