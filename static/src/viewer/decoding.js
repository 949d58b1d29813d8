// From a rendition's address to its pixels: coarse ones while it comes, then all of them.
import { fetchBytes } from "./bytes.js";
import { enlarged, halvingsIn, isWhole, readHead, startCodec } from "./htj2k.js";
import { decodePng } from "./png.js";

const PATIENCE_MS = 250; // what is whole before that needs no coarse picture

export class Decoding {
  constructor(start = startCodec, now = () => performance.now()) {
    Object.assign(this, { start, now });
  }

  // Resolves to {width, height, pixels}. Meanwhile `tell` hears of a slow one: {share} of the bytes that are there, or
  // {early: {width, height, pixels}}, a coarse picture. Where there is no codec, and what it cannot decode, is asked
  // for as PNG. Rejects with a phrase.
  async load(url, codecUrl, tell = () => {}) {
    if (!url.endsWith(".jhc")) return this.#png(url, tell);
    this.codec ??= this.start(codecUrl);
    this.codec.then((decode) => (this.decode = decode), () => (this.hasNone = true));
    if (!globalThis.WebAssembly || this.hasNone) return this.#png(asPng(url), tell);
    const bytes = await fetchBytes(url, this.#watching(tell));
    try {
      return decoded(bytes, await this.codec);
    } catch (error) {
      return this.#png(asPng(url), tell).catch(() => {
        throw error;
      });
    }
  }

  async #png(url, tell) {
    return decodePng(await fetchBytes(url, this.#sharing(tell)));
  }

  #sharing(tell) {
    const begun = this.now();
    return (bytes, total) => {
      const isSlow = this.now() - begun > PATIENCE_MS && bytes.length < total;
      if (isSlow) tell({ share: bytes.length / total });
      return isSlow;
    };
  }

  // Shows what is there as soon as it is finer than what was shown.
  #watching(tell) {
    const isSlow = this.#sharing(tell);
    let shown = Infinity;
    return (bytes, total) => {
      if (!isSlow(bytes, total) || !this.decode) return;
      const head = readHead(bytes);
      const halvings = head && halvingsIn(bytes.length, head);
      if (halvings === null || halvings >= shown) return;
      shown = halvings;
      const beginning = bytes.subarray(0, head.ends[head.ends.length - 1 - halvings]);
      tell({ early: enlarged(this.decode(beginning, halvings), halvings, head) });
    };
  }
}

const asPng = (url) => url.replace(/\.jhc$/, ".png");

function decoded(bytes, decode) {
  const head = readHead(bytes);
  if (!head || !isWhole(bytes, head)) throw new Error("the image is damaged");
  return decode(bytes);
}
