// Files on their way to the server, in pieces: a cut connection or a reload loses none that was acknowledged.
import { LOGGED_OUT, exchange, patiently, tokenNow } from "../shell/server.js";

const AT_ONCE = 2; // files under way
const SMALLEST = 65_536; // bytes of a piece on a slow line
const LONGEST_WAIT = 15_000; // milliseconds
const TOO_SLOW = [408, 413]; // a smaller piece may arrive

// Why it cannot go on; the message is a sentence.
export class Stopped extends Error {}

export class Transfer extends EventTarget {
  // `files` are [{file, name}]; `page` is the page's JSON: begin, csrf, piece; `wait` sleeps some milliseconds.
  constructor(files, page, { wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms)) } = {}) {
    super();
    Object.assign(this, { files, page, wait });
    this.piece = page.piece;
    this.paused = null;
    this.offline = false;
    this.sent = 0;
    this.whole = 0;
    this.refused = 0;
  }

  pause() {
    this.paused ??= Promise.withResolvers?.() ?? deferred();
    this.#tell();
  }

  resume() {
    this.paused?.resolve();
    this.paused = null;
    this.#tell();
  }

  // Sends all; resolves to the address of the page that tells what becomes of them. Throws Stopped.
  async run(title, licence) {
    const list = this.files.map(({ file, name }) => ({ name, size: file.size, modified: file.lastModified }));
    const begun = await this.#asked("POST", this.page.begin, { title, licence, files: list });
    this.address = begun.file.replace(/0$/, "");
    const waiting = [];
    begun.files.forEach(({ number, received }, index) => {
      if (number === undefined) return (this.refused += 1);
      const { file, name } = this.files[index];
      this.whole += file.size;
      this.sent += received;
      if (received < file.size) waiting.push({ file, name, number, received });
    });
    this.#tell();
    await Promise.all(Array.from({ length: AT_ONCE }, () => this.#work(waiting)));
    return (await this.#asked("POST", begun.finish, {})).page;
  }

  async #work(waiting) {
    for (let one = waiting.shift(); one && !this.stopped; one = waiting.shift()) {
      try {
        await this.#send(one);
      } catch (problem) {
        this.stopped = true;
        throw problem;
      }
    }
  }

  async #send(one) {
    while (one.received < one.file.size && !this.stopped) {
      await this.paused?.promise;
      const received = await this.#put(one);
      this.sent += received - one.received;
      one.received = received;
      this.#tell();
    }
  }

  // Sends one piece; how many bytes of the file are there then.
  async #put({ file, name, number, received }) {
    const piece = await read(file, received, Math.min(received + this.piece, file.size), name);
    for (let tries = 0; ; tries += 1) {
      const answer = await this.#tried(number, received, piece);
      if (answer?.status === 200 || answer?.status === 409) return answer.body.received;
      if (answer && TOO_SLOW.includes(answer.status) && this.piece > SMALLEST) {
        this.piece = Math.max(SMALLEST, this.piece / 4);
        return received; // the file's next turn sends less
      }
      if (answer && answer.status < 500) throw new Stopped(sentenceOf(answer));
      if (answer?.status === 507) throw new Stopped(sentenceOf(answer));
      this.offline = true;
      this.#tell();
      await this.wait(Math.min(1000 * 2 ** tries, LONGEST_WAIT));
    }
  }

  // The answer to a piece; null without a connection.
  async #tried(number, offset, piece) {
    try {
      const response = await patiently(this.address + number, {
        method: "PUT",
        credentials: "same-origin",
        headers: {
          "Content-Type": "application/octet-stream",
          Accept: "application/json",
          "Upload-Offset": String(offset),
          "X-CSRFToken": tokenNow(this.page.csrf),
        },
        body: piece,
      });
      this.offline = false;
      const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
      if (response.redirected || (response.status === 403 && !isJson)) return { status: 401, body: null };
      return { status: response.status, body: isJson ? await response.json() : null };
    } catch {
      return null;
    }
  }

  async #asked(method, url, body) {
    for (let tries = 0; ; tries += 1) {
      let answer = null;
      try {
        answer = await exchange(method, url, body, this.page.csrf);
      } catch {
        // Without a connection: asked again.
      }
      this.offline = !answer;
      if (answer && answer.status < 300) return answer.body;
      if (answer) throw new Stopped(sentenceOf(answer));
      this.#tell();
      await this.wait(Math.min(1000 * 2 ** tries, LONGEST_WAIT));
    }
  }

  #tell() {
    this.dispatchEvent(new Event("changed"));
  }
}

async function read(file, from, to, name) {
  try {
    return await file.slice(from, to).arrayBuffer();
  } catch {
    throw new Stopped(`${name} cannot be read any more: choose the files again, and it goes on where it was.`);
  }
}

function sentenceOf({ status, body }) {
  if (status === 401) return LOGGED_OUT;
  if (status === 404) return "This upload is not there any more: begin it again.";
  return body?.error ?? `The server answered ${status}.`;
}

function deferred() {
  const made = {};
  made.promise = new Promise((resolve) => (made.resolve = resolve));
  return made;
}
