// Close-up pairs of the feedback: a finding's place and the mirrored one, in one window, cut
// from the rendition that the viewer shows.
import { aspectOf, toPixels } from "../marks/geometry.js";
import { hasUnits, storedWindow } from "../viewer/hounsfield.js";
import { cropAround, midlineOf, mirrored } from "./symmetry.js";

const SIDE = 288; // pixels of a close-up, shown at half that on common screens
const SAMPLES = 64; // a side, for percentiles
// Parts of the values around the finding that become black and white, by window of the atlas.
const PERCENTILES = { lung: [0.01, 0.99], mediastinum: [0.1, 0.998], bone: [0.15, 0.998] };
// Hounsfield units: center and width.
const CT_WINDOWS = { lung: [-600, 1500], mediastinum: [40, 400], bone: [400, 1800] };

// The window, {low, high} in stored values, in which a label is best looked for in these crops.
export function windowFor(name, rendition, crops, image) {
  if (hasUnits(image) && CT_WINDOWS[name]) {
    const { center, width } = storedWindow(image, ...CT_WINDOWS[name]);
    return { low: center - width / 2, high: center + width / 2 };
  }
  const values = PERCENTILES[name] ? crops.flatMap((crop) => valuesIn(rendition, crop)) : [];
  if (!values.length) {
    const { center, width } = image.window;
    return { low: center - width / 2, high: center + width / 2 };
  }
  values.sort((a, b) => a - b);
  const at = (part) => values[Math.round(part * (values.length - 1))];
  const [low, high] = PERCENTILES[name].map(at);
  return { low, high: Math.max(high, low + 1) };
}

function valuesIn({ pixels, width, height }, { x, y, size, rows = size }) {
  const values = [];
  const step = size / SAMPLES;
  const down = rows / SAMPLES;
  for (let row = 0; row < SAMPLES; row += 1) {
    const py = Math.floor(y + (row + 0.5) * down);
    if (py < 0 || py >= height) continue;
    for (let column = 0; column < SAMPLES; column += 1) {
      const px = Math.floor(x + (column + 0.5) * step);
      if (px >= 0 && px < width) values.push(pixels[py * width + px]);
    }
  }
  return values;
}

// Gray bytes of a square crop, `side` pixels a side, interpolated; black beyond the image.
export function graysOfCrop({ pixels, width, height }, { x, y, size, rows = size }, { low, high }, side, flip = false) {
  const grays = new Uint8ClampedArray(side * side);
  const step = size / side;
  const down = rows / side;
  for (let row = 0; row < side; row += 1) {
    const py = y + (row + 0.5) * down - 0.5;
    for (let column = 0; column < side; column += 1) {
      const px = x + (column + 0.5) * step - 0.5;
      const value = between(pixels, width, height, px, py);
      const to = row * side + (flip ? side - 1 - column : column);
      grays[to] = value === null ? 0 : (255 * (value - low)) / (high - low);
    }
  }
  return grays;
}

function between(pixels, width, height, x, y) {
  if (x < -0.5 || y < -0.5 || x > width - 0.5 || y > height - 0.5) return null;
  const left = Math.max(0, Math.floor(x));
  const top = Math.max(0, Math.floor(y));
  const right = Math.min(width - 1, left + 1);
  const bottom = Math.min(height - 1, top + 1);
  const dx = Math.max(0, x - left);
  const dy = Math.max(0, y - top);
  const row = (at) => pixels[at * width + left] * (1 - dx) + pixels[at * width + right] * dx;
  return row(top) * (1 - dy) + row(bottom) * dy;
}

export class Closeups {
  // `images` are the page's; `renditions` has their pixels, or loads them.
  constructor(images, renditions) {
    this.images = new Map(images.map((image) => [image.id, image]));
    this.renditions = renditions;
    this.midlines = new Map();
  }

  // Fills a row's pair: [data-side=here] and, where there is one, [data-side=there].
  async draw(element, closeup) {
    const image = this.images.get(closeup.image);
    if (!image) return;
    const url = image.frames > 1 ? image.frame_urls[closeup.frame] : image.url;
    let rendition;
    try {
      rendition = await this.renditions.load(url);
    } catch {
      element.hidden = true; // the viewer itself says what is wrong
      return;
    }
    const pairs = [{ side: "here", box: closeup.box, flip: false }];
    if (closeup.mirror) {
      pairs.push({ side: "there", box: mirrored(closeup.box, this.#midline(url, rendition)), flip: true });
    }
    const shown = pairs.map((pair) => ({ ...pair, crop: cropAround(pair.box, rendition, aspectOf(image)) }));
    const window = windowFor(closeup.window, rendition, shown.map(({ crop }) => crop), image);
    for (const one of shown) {
      const canvas = element.querySelector(`[data-side=${one.side}] canvas`);
      if (canvas) paint(canvas, rendition, one, window);
    }
  }

  #midline(url, { pixels, width, height }) {
    if (!this.midlines.has(url)) this.midlines.set(url, midlineOf(pixels, width, height));
    return this.midlines.get(url);
  }
}

function paint(canvas, rendition, { side, box, crop, flip }, window) {
  canvas.width = SIDE;
  canvas.height = SIDE;
  const context = canvas.getContext("2d");
  if (!context) return;
  const grays = graysOfCrop(rendition, crop, window, SIDE, flip);
  const picture = context.createImageData(SIDE, SIDE);
  grays.forEach((gray, index) => picture.data.set([gray, gray, gray, 255], index * 4));
  context.putImageData(picture, 0, 0);
  outline(context, box, rendition, crop, { flip, dashed: side === "there" });
}

// The corners of the box, so that what it holds stays free.
function outline(context, box, rendition, crop, { flip, dashed }) {
  const scale = SIDE / crop.size;
  const [x0, y0, x1, y1] = toPixels(box, rendition);
  const across = [(x0 - crop.x) * scale, (x1 - crop.x) * scale].map((x) => (flip ? SIDE - x : x)).sort((a, b) => a - b);
  const [top, bottom] = [y0, y1].map((y) => ((y - crop.y) * SIDE) / crop.rows);
  const arm = Math.min(16, (across[1] - across[0]) / 3, (bottom - top) / 3);
  context.lineWidth = 2;
  context.strokeStyle = dashed ? "rgb(154 164 178)" : "rgb(230 233 238)";
  context.beginPath();
  for (const [x, sx] of [[across[0], 1], [across[1], -1]]) {
    for (const [y, sy] of [[top, 1], [bottom, -1]]) {
      context.moveTo(x + sx * arm, y);
      context.lineTo(x, y);
      context.lineTo(x, y + sy * arm);
    }
  }
  context.stroke();
}
