// Decodes a rendition (greyscale PNG of 8 or 16 bits) off the page's thread.
import { decode } from "fast-png";

self.onmessage = async ({ data: { id, url } }) => {
  try {
    const response = await fetch(url, { credentials: "same-origin" });
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    const { width, height, data, channels } = decode(await response.arrayBuffer());
    if (channels !== 1) throw new Error(`the image has ${channels} channels instead of one`);
    self.postMessage({ id, width, height, pixels: data }, [data.buffer]);
  } catch (error) {
    self.postMessage({ id, error: error.message });
  }
};
