// Decodes renditions off the page's thread, and raises their local contrast when asked.
import { equalized } from "./contrast.js";
import { Decoding } from "./decoding.js";

const decoding = new Decoding();

self.onmessage = async ({ data: { id, url, codec, contrast } }) => {
  const tell = ({ share, early }) => {
    if (early) self.postMessage({ id, early }, [early.pixels.buffer]);
    else self.postMessage({ id, share });
  };
  try {
    const { width, height, pixels: plain } = await decoding.load(url, codec, contrast ? () => {} : tell);
    const pixels = contrast ? equalized({ width, height, pixels: plain }, contrast) : plain;
    self.postMessage({ id, width, height, pixels }, [pixels.buffer]);
  } catch (error) {
    self.postMessage({ id, error: error.message });
  }
};
