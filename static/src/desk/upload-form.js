// The form of uploads: what is chosen, how far it is, and why it stopped.
import { Stopped, Transfer } from "./transfer.js";

export class UploadForm {
  // `ofDrop` and `ofInput` give the files of an event; `leave(address)` goes to the page that tells what became of them.
  constructor(form, page, { ofDrop, ofInput, leave, make = (files) => new Transfer(files, page) }) {
    Object.assign(this, { form, page, ofDrop, ofInput, leave, make });
    this.files = [];
    this.part = (name) => form.querySelector(`[data-role=${name}]`);
  }

  listen() {
    const drop = this.part("drop");
    for (const name of ["dragenter", "dragover"]) {
      document.addEventListener(name, (event) => {
        if (![...event.dataTransfer.types].includes("Files")) return;
        event.preventDefault(); // wherever they are let go, the page does not leave for the file
        drop.classList.toggle("over", !this.running);
      });
    }
    document.addEventListener("dragleave", (event) => event.relatedTarget || drop.classList.remove("over"));
    document.addEventListener("drop", (event) => {
      event.preventDefault();
      drop.classList.remove("over");
      if (!this.running) this.take(this.ofDrop(event.dataTransfer));
    });
    for (const input of this.form.querySelectorAll("[type=file]")) {
      input.addEventListener("change", () => {
        this.take(Promise.resolve(this.ofInput(input.files)));
        input.value = ""; // the same choice again is a change again
      });
    }
    this.form.addEventListener("submit", (event) => (event.preventDefault(), this.send()));
    this.part("pause").addEventListener("click", () => this.#pause());
    window.addEventListener("beforeunload", (event) => this.running && event.preventDefault());
  }

  async take(coming) {
    this.#problem("");
    try {
      this.files = await coming;
    } catch {
      this.#problem("The folder cannot be read: choose it again.");
      return;
    }
    const bytes = this.files.reduce((sum, { file }) => sum + file.size, 0);
    this.part("sending").hidden = !this.files.length;
    this.part("chosen").textContent = `${count(this.files.length, "file")}, ${size(bytes)}.`;
    this.part("state").textContent = "";
    this.part("progress").value = 0;
    if (!this.files.length) this.#problem("There is no file in it.");
    else if (this.files.length > this.page.most) this.#problem(`More than ${this.page.most} files cannot be sent at once: pack them as one ZIP.`);
    else if (bytes > this.page.mostBytes) this.#problem(`More than ${size(this.page.mostBytes)} cannot be sent at once.`);
    this.part("send").focus();
  }

  async send() {
    if (this.running || !this.files.length) return;
    this.#problem("");
    this.running = this.make(this.files);
    this.running.addEventListener("changed", () => this.#show());
    this.#busy(true);
    const { title, licence } = this.form.elements;
    try {
      const address = await this.running.run(title.value.trim(), licence.value.trim());
      this.running = null;
      this.leave(address);
    } catch (problem) {
      this.running = null;
      this.#problem(problem instanceof Stopped ? problem.message : "Something went wrong here: reload the page, and choose the files again to go on.");
    }
    this.#busy(false);
  }

  #pause() {
    if (this.running.paused) this.running.resume();
    else this.running.pause();
  }

  #busy(is) {
    this.part("send").disabled = is;
    this.part("pause").hidden = !is;
    for (const input of this.form.querySelectorAll("input")) input.disabled = is;
  }

  #show() {
    const { sent, whole, refused, paused, offline } = this.running;
    this.part("progress").value = whole ? sent / whole : 0;
    this.part("pause").textContent = paused ? "Go on" : "Pause";
    const left = refused ? ` ${count(refused, "file")} left out: the result says why.` : "";
    const why = paused ? " Paused." : offline ? " No connection: it goes on by itself." : "";
    this.part("state").textContent = `${size(sent)} of ${size(whole)} have arrived.${left}${why}`;
  }

  #problem(sentence) {
    Object.assign(this.part("problem"), { textContent: sentence, hidden: !sentence });
  }
}

const count = (number, word) => `${number.toLocaleString("en")} ${word}${number === 1 ? "" : "s"}`;

function size(bytes) {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  return bytes >= 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.ceil(bytes / 1e3)} kB`;
}
