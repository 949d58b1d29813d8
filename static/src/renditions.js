// Fetches and decodes renditions in a worker; each address once.

export class Renditions {
  constructor(workerUrl) {
    this.workerUrl = workerUrl;
    this.waiting = new Map();
    this.byUrl = new Map();
    this.next = 0;
  }

  // Resolves to {width, height, pixels}; rejects with a sentence.
  load(url) {
    if (!this.byUrl.has(url)) {
      const loading = this.#ask(url);
      this.byUrl.set(url, loading);
      loading.catch(() => this.byUrl.delete(url));
    }
    return this.byUrl.get(url);
  }

  #ask(url) {
    try {
      this.worker ??= this.#start();
    } catch (error) {
      return Promise.reject(new Error(`The image decoder could not be started: ${error.message}.`));
    }
    const id = this.next++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, url: new URL(url, location.href).href });
    });
  }

  #start() {
    const worker = new Worker(this.workerUrl);
    worker.onmessage = ({ data }) => {
      const asked = this.waiting.get(data.id);
      if (!asked) return; // it was given up
      const { resolve, reject } = asked;
      this.waiting.delete(data.id);
      if (data.error) reject(new Error(`The image could not be loaded: ${data.error}.`));
      else resolve(data);
    };
    worker.onerror = () => {
      for (const { reject } of this.waiting.values()) reject(new Error("The image decoder stopped."));
      this.waiting.clear();
      worker.terminate();
      this.worker = null;
    };
    return worker;
  }
}
