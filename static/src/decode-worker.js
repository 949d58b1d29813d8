// Decodes a rendition (grey PNG of 8 or 16 bits) off the page's thread, and raises its local contrast when asked.
import { equalized } from "./contrast.js";
import { decodePng } from "./png.js";

self.onmessage = async ({ data: { id, url, contrast } }) => {
  try {
    const response = await fetch(url, { credentials: "same-origin" });
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    const { width, height, pixels: plain } = await decodePng(await response.arrayBuffer());
    const pixels = contrast ? equalized({ width, height, pixels: plain }, contrast) : plain;
    self.postMessage({ id, width, height, pixels }, [pixels.buffer]);
  } catch (error) {
    self.postMessage({ id, error: error.message });
  }
};
