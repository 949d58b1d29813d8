// Fetches and decodes renditions in a worker; each address once, as long as there is room.

const ROOM = 400e6; // bytes of pixels that are kept

export class Renditions {
  // `codecUrl` is the WebAssembly file that decodes HTJ2K.
  constructor(workerUrl, codecUrl, room = ROOM) {
    Object.assign(this, { workerUrl, codecUrl, room });
    this.waiting = new Map();
    this.listening = new Map(); // who wants to see each while it comes
    this.early = new Map(); // the coarse picture of each that is coming
    this.byUrl = new Map(); // in the order of their last use
    this.kept = new Map(); // bytes of each
    this.next = 0;
    this.given = new Map(); // what makes the pictures of addresses that are not fetched
  }

  // Addresses that are this one with a fragment are pictures that `make(url)` gives.
  provide(url, make) {
    this.given.set(url, make);
  }

  withdraw(url) {
    this.given.delete(url);
  }

  // Whether an address is one of a picture that is made here: none of these need to be fetched ahead.
  makes(url) {
    return url.includes("#") && this.given.has(url.split("#")[0]);
  }

  // Resolves to {width, height, pixels}; rejects with a sentence. With `contrast`, {low, high} of
  // the values it is about, the local contrast is raised. While a slow one comes, `listen` hears {share} of its bytes
  // that are there, and {early}, a coarse picture of the same width and height.
  load(url, contrast = null, listen = null) {
    const make = this.makes(url) ? this.given.get(url.split("#")[0]) : null;
    if (make) return Promise.resolve().then(() => make(url));
    const key = contrast ? `${url}#${contrast.low}-${contrast.high}` : url;
    if (listen) this.#listen(key, listen);
    const known = this.byUrl.get(key);
    const loading = known ?? this.#ask(key, url, contrast);
    this.byUrl.delete(key);
    this.byUrl.set(key, loading);
    if (!known) loading.then(({ pixels }) => this.#keep(key, pixels?.byteLength ?? 0), () => this.byUrl.delete(key));
    return loading;
  }

  #listen(key, listen) {
    const early = this.early.get(key);
    if (early) listen({ early });
    if (!this.kept.has(key)) this.listening.set(key, [...(this.listening.get(key) ?? []), listen]);
  }

  #tell(key, { share, early }) {
    if (early) this.early.set(key, early);
    for (const listen of this.listening.get(key) ?? []) listen(early ? { early } : { share });
  }

  #settle(key) {
    this.early.delete(key);
    this.listening.delete(key);
  }

  // Forgets what was not used for longest, once there is too much of it.
  #keep(key, bytes) {
    if (!this.byUrl.has(key)) return; // forgotten meanwhile
    this.kept.set(key, bytes);
    let sum = [...this.kept.values()].reduce((a, b) => a + b, 0);
    for (const old of this.byUrl.keys()) {
      if (sum <= this.room || old === key) return;
      if (!this.kept.has(old)) continue; // still loading
      sum -= this.kept.get(old);
      this.kept.delete(old);
      this.byUrl.delete(old);
    }
  }

  // Nobody looks at these any more, with raised contrast or without.
  forget(urls) {
    for (const key of [...this.byUrl.keys()]) {
      if (!urls.includes(key.split("#")[0])) continue;
      this.byUrl.delete(key);
      this.kept.delete(key);
    }
  }

  #ask(key, url, contrast) {
    try {
      this.worker ??= this.#start();
    } catch (error) {
      this.#settle(key);
      return Promise.reject(new Error(`The image decoder could not be started: ${error.message}.`));
    }
    const id = this.next++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { key, resolve, reject });
      const codec = new URL(this.codecUrl, location.href).href;
      this.worker.postMessage({ id, url: new URL(url, location.href).href, codec, contrast });
    });
  }

  #start() {
    const worker = new Worker(this.workerUrl);
    worker.onmessage = ({ data }) => {
      const asked = this.waiting.get(data.id);
      if (!asked) return; // it was given up
      const { key, resolve, reject } = asked;
      if (data.early || data.share) {
        this.#tell(key, data);
        return;
      }
      this.waiting.delete(data.id);
      this.#settle(key);
      if (data.error) reject(new Error(`The image could not be loaded: ${data.error}.`));
      else resolve(data);
    };
    worker.onerror = () => {
      for (const { key, reject } of this.waiting.values()) {
        this.#settle(key);
        reject(new Error("The image decoder stopped."));
      }
      this.waiting.clear();
      worker.terminate();
      this.worker = null;
    };
    return worker;
  }
}
