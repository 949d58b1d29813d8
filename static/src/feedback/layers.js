// A film without something of it: the film and a picture of what is taken off, which is added to it.
import { equalized } from "../viewer/contrast.js";

const ZERO = 128; // the gray that changes nothing
const TABLES = { Uint8Array: 256, Uint16Array: 65536 }; // how many values there are to be mapped

// The grays of a layer's file: {width, height, grays}.
export async function graysOf(url) {
  const bitmap = await pictureAt(url);
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
  const grays = new Uint8Array(bitmap.width * bitmap.height);
  for (let at = 0; at < grays.length; at += 1) grays[at] = data[4 * at];
  return { width: bitmap.width, height: bitmap.height, grays };
}

async function pictureAt(url) {
  try {
    const answer = await fetch(url);
    if (answer.ok) return await createImageBitmap(await answer.blob());
  } catch {
    // No answer, or no picture.
  }
  throw new Error("The film without it could not be loaded.");
}

// The film's stored values with the layer added within its box, interpolated; with a `ground`, a stored value, what
// was taken off lies on that alone.
export function withLayer({ width, height, pixels }, layer, { box, scale, max }, ground = null) {
  const alone = ground !== null;
  const out = alone ? new pixels.constructor(pixels.length).fill(ground) : pixels.slice();
  const [left, top, right, bottom] = [box[0] * width, box[1] * height, box[2] * width, box[3] * height].map(Math.round);
  const across = layer.width / (right - left);
  const down = layer.height / (bottom - top);
  const factor = alone ? -scale : scale;
  const { grays } = layer;
  // Where each column of the box lies in the layer: the same in every row.
  const columns = Float32Array.from({ length: right - left }, (_, at) => Math.min(layer.width - 1, Math.max(0, (at + 0.5) * across - 0.5)));
  const row = new Float32Array(layer.width);
  for (let y = top; y < bottom; y += 1) {
    const v = Math.min(layer.height - 1, Math.max(0, (y - top + 0.5) * down - 0.5));
    const upper = Math.floor(v) * layer.width;
    const lower = Math.min(layer.height - 1, Math.floor(v) + 1) * layer.width;
    const dy = v - Math.floor(v);
    for (let u = 0; u < layer.width; u += 1) row[u] = (grays[upper + u] * (1 - dy) + grays[lower + u] * dy - ZERO) * factor;
    for (let x = left; x < right; x += 1) {
      const u = columns[x - left];
      const a = u | 0;
      const added = a + 1 < layer.width ? row[a] + (row[a + 1] - row[a]) * (u - a) : row[a];
      const at = y * width + x;
      const value = out[at] + added;
      out[at] = value < 0 ? 0 : value > max ? max : value;
    }
  }
  return { width, height, pixels: out, isAlone: alone };
}

// Lies over a viewer and shows another picture of the same size, or a part of it.
export class Veil {
  constructor(view, signal) {
    this.view = view;
    this.canvas = document.createElement("canvas");
    this.canvas.className = "veil";
    this.canvas.dataset.role = "veil";
    this.canvas.setAttribute("aria-hidden", "true");
    this.canvas.hidden = true;
    this.edge = partOf("div", "veil-edge"); // between the film and the picture, where they share the pane
    this.caption = partOf("p", "veil-said"); // what is off what is shown
    view.element.after(this.canvas, this.edge, this.caption);
    this.from = 0;
    this.equalized = new WeakMap();
    view.viewer.addEventListener("moved", () => this.draw(), { signal });
    for (const name of ["windowed", "frame"]) view.viewer.addEventListener(name, () => (this.#map(), this.draw()), { signal });
  }

  // `picture` is {width, height, pixels} or null for the film itself; `said` names it on the image, as the panel
  // does for who cannot see it.
  show(picture, said = "") {
    this.picture = picture;
    Object.assign(this.caption, { textContent: said, hidden: !picture || !said });
    this.#map();
    this.draw();
  }

  // Maps a picture ahead of being shown, while none is.
  expect(picture) {
    if (!this.picture && this.view.viewer.shown) this.#map(picture);
  }

  // Leaves free what is left of this share of the film.
  startAt(share) {
    this.from = share;
    this.#cut();
  }

  // The picture's pixels, with raised local contrast where the film is shown with it.
  #pixels(picture) {
    const { equalized: known } = this;
    const { raised } = this.view.viewer;
    if (!raised || picture.isAlone) return picture.pixels;
    if (!known.has(picture)) known.set(picture, equalized(picture, raised));
    return known.get(picture);
  }

  // The picture in the viewer's window; once, as long as neither is another.
  #map(picture = this.picture) {
    if (!picture) return;
    const { width, height } = picture;
    const { window, inverted, contrast } = this.view.viewer;
    const looked = `${window.center} ${window.width} ${inverted} ${Boolean(contrast)}`;
    if (this.mappedOf === picture && this.looked === looked) return;
    Object.assign(this, { mappedOf: picture, looked });
    const low = window.center - window.width / 2;
    const pixels = this.#pixels(picture);
    this.mapped ??= new OffscreenCanvas(width, height);
    const context = this.mapped.getContext("2d");
    const image = context.createImageData(width, height);
    const out = new Uint32Array(image.data.buffer);
    const factor = 255 / window.width;
    const inColor = (value) => {
      const shade = Math.min(255, Math.max(0, (value - low) * factor));
      const gray = Math.round(inverted ? 255 - shade : shade);
      return 0xff000000 | (gray << 16) | (gray << 8) | gray;
    };
    const table = TABLES[pixels.constructor.name] && Uint32Array.from({ length: TABLES[pixels.constructor.name] }, (_, value) => inColor(value));
    for (let at = 0; at < pixels.length; at += 1) out[at] = table ? table[pixels[at]] : inColor(pixels[at]);
    context.putImageData(image, 0, 0);
  }

  draw() {
    this.canvas.hidden = !this.picture;
    this.edge.hidden = true;
    if (!this.picture || !this.view.viewer.shown) return;
    const ratio = globalThis.devicePixelRatio || 1;
    const { clientWidth, clientHeight } = this.view.element;
    const size = [Math.round(clientWidth * ratio), Math.round(clientHeight * ratio)];
    if (this.canvas.width !== size[0] || this.canvas.height !== size[1]) [this.canvas.width, this.canvas.height] = size;
    const context = this.canvas.getContext("2d");
    const { width, height } = this.picture;
    const [x, y] = this.view.viewer.toCanvas([0, 0]);
    const [right, bottom] = this.view.viewer.toCanvas([width, height]);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = "#000";
    context.fillRect(0, 0, clientWidth, clientHeight);
    context.drawImage(this.mapped, x, y, right - x, bottom - y);
    this.#cut();
  }

  #cut() {
    if (!this.picture) return;
    const { width } = this.picture;
    const [x] = this.view.viewer.toCanvas([this.from * width, 0]);
    this.canvas.style.clipPath = this.from > 0 ? `inset(0 0 0 ${Math.max(0, x)}px)` : "";
    this.edge.hidden = this.from <= 0 || x < 0 || x > this.view.element.clientWidth;
    this.edge.style.left = `${x}px`;
    this.caption.style.left = this.from > 0 ? `${Math.max(10, x)}px` : ""; // over what it names
  }
}

function partOf(tag, name) {
  const part = Object.assign(document.createElement(tag), { className: name, hidden: true });
  part.setAttribute("aria-hidden", "true");
  return part;
}
