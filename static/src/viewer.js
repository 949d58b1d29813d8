// The only module that touches Cornerstone3D: one image or stack in one element.
// Image coordinates are pixels at pixel edges; canvas coordinates are CSS pixels.
import {
  Enums,
  RenderingEngine,
  eventTarget,
  getRenderingEngine,
  imageLoader,
  init,
  metaData,
  setUseCPURendering,
} from "@cornerstonejs/core";

import { clamp } from "./geometry.js";

const ENGINE = "radgame";
const MIN_WINDOW = 2;
let started = false;

function hasWebGl2() {
  try {
    return Boolean(document.createElement("canvas").getContext("webgl2"));
  } catch {
    return false;
  }
}

// Cornerstone asks for a modality before it draws; window and scaling are set here instead.
function seriesOf(type, imageId) {
  return type === "generalSeriesModule" && String(imageId).startsWith("radgame:") ? { modality: "DX" } : undefined;
}

function engine() {
  if (!started) {
    init();
    if (!hasWebGl2()) setUseCPURendering(true);
    metaData.addProvider(seriesOf);
    started = true;
  }
  return getRenderingEngine(ENGINE) ?? new RenderingEngine(ENGINE);
}

export class Viewer extends EventTarget {
  // `image` is one entry of the page's "images"; `renditions` loads pixels.
  constructor(element, image, renditions) {
    super();
    this.element = element;
    this.image = image;
    this.renditions = renditions;
    this.frame = 0;
    this.inverted = false;
    this.window = { ...image.window };
    this.viewportId = `view-${image.id}`;
    this.tell = () => this.dispatchEvent(new Event("moved"));
  }

  async open() {
    const rendering = engine();
    rendering.enableElement({
      viewportId: this.viewportId,
      element: this.element,
      type: Enums.ViewportType.STACK,
      defaultOptions: { background: [0, 0, 0] },
    });
    this.viewport = rendering.getViewport(this.viewportId);
    this.element.addEventListener(Enums.Events.CAMERA_MODIFIED, this.tell);
    this.element.addEventListener(Enums.Events.IMAGE_RENDERED, this.tell);
    this.resizing = new ResizeObserver(() => this.#resize());
    this.resizing.observe(this.element);
    await this.show(0);
  }

  urlOf(frame) {
    return this.image.frames > 1 ? this.image.frame_urls[frame] : this.image.url;
  }

  async show(frame) {
    const wanted = clamp(frame, 0, this.image.frames - 1);
    this.wanted = wanted;
    const url = this.urlOf(wanted);
    const { width, height, pixels } = await this.renditions.load(url);
    if (this.wanted !== wanted) return; // scrolled on in the meantime
    const imageId = `radgame:${url}`;
    if (!this.#cached(imageId)) {
      const made = imageLoader.createAndCacheLocalImage(imageId, {
        scalarData: pixels,
        dimensions: [width, height],
        spacing: [1, 1],
        frameOfReferenceUID: this.image.id,
      });
      // A local image has a window of zero width, from which Cornerstone makes an inverted map.
      made.windowCenter = this.image.window.center;
      made.windowWidth = this.image.window.width;
    }
    const first = !this.shown;
    const camera = first ? null : this.viewport.getCamera();
    await this.#setStack(imageId);
    this.frame = wanted;
    this.shown = true;
    if (camera) this.viewport.setCamera(camera);
    this.#applyWindow();
    if (first) this.fit();
    this.viewport.render();
    this.dispatchEvent(new Event("frame"));
  }

  // Cornerstone reports what goes wrong while it shows an image by an event only.
  async #setStack(imageId) {
    let problem = null;
    const note = ({ detail }) => {
      problem ??= Array.isArray(detail) ? detail[0].reason : detail.error;
    };
    eventTarget.addEventListener(Enums.Events.IMAGE_LOAD_ERROR, note);
    try {
      await this.viewport.setStack([imageId]);
    } finally {
      eventTarget.removeEventListener(Enums.Events.IMAGE_LOAD_ERROR, note);
    }
    if (problem) throw new Error(`The image could not be shown: ${problem.message ?? problem}.`, { cause: problem });
  }

  #cached(imageId) {
    this.made ??= new Set();
    if (this.made.has(imageId)) return true;
    this.made.add(imageId);
    return false;
  }

  #resize() {
    if (!this.shown) return;
    engine().resize(true, true);
    this.tell();
  }

  // From image pixels (edges) to CSS pixels of the element, and back.
  toCanvas([x, y]) {
    return this.viewport.worldToCanvas([x - 0.5, y - 0.5, 0]);
  }

  toImage(point) {
    const [x, y] = this.viewport.canvasToWorld(point);
    return [x + 0.5, y + 0.5];
  }

  scale() {
    return this.toCanvas([1, 0])[0] - this.toCanvas([0, 0])[0];
  }

  fit() {
    this.viewport.resetCamera();
    this.viewport.render();
    this.tell();
  }

  oneToOne() {
    const middle = [this.element.clientWidth / 2, this.element.clientHeight / 2];
    this.zoomBy(1 / (this.scale() * (window.devicePixelRatio || 1)), middle);
  }

  zoomBy(factor, point) {
    const now = this.scale();
    const wanted = clamp(now * factor, 0.05, 40);
    const before = this.viewport.canvasToWorld(point);
    const camera = this.viewport.getCamera();
    this.viewport.setCamera({ parallelScale: (camera.parallelScale * now) / wanted });
    this.#shift(before, this.viewport.canvasToWorld(point));
  }

  // Moves the picture, as if taken hold of, by CSS pixels.
  panBy(dx, dy) {
    this.#shift(this.viewport.canvasToWorld([0, 0]), this.viewport.canvasToWorld([dx, dy]));
  }

  #shift(from, to) {
    const { focalPoint, position } = this.viewport.getCamera();
    const move = (point) => point.map((value, axis) => value + from[axis] - to[axis]);
    this.viewport.setCamera({ focalPoint: move(focalPoint), position: move(position) });
    this.viewport.render();
    this.tell();
  }

  // Shows a box (normalised) in the middle, with some of its surroundings.
  zoomTo(box, margin = 2.5) {
    const { width, height } = this.image;
    const size = Math.max((box[2] - box[0]) * width, (box[3] - box[1]) * height, 1) * margin;
    const room = Math.min(this.element.clientWidth, this.element.clientHeight);
    this.fit();
    const factor = clamp(room / size / this.scale(), 1, 6);
    const middle = [this.element.clientWidth / 2, this.element.clientHeight / 2];
    this.zoomBy(factor, middle);
    const at = this.toCanvas([((box[0] + box[2]) / 2) * width, ((box[1] + box[3]) / 2) * height]);
    this.panBy(middle[0] - at[0], middle[1] - at[1]);
  }

  // Window and level by a drag: across the element is the whole range of values.
  windowBy(dx, dy) {
    const range = this.image.max;
    this.window.width = Math.max(MIN_WINDOW, this.window.width + (dx / this.element.clientWidth) * range);
    this.window.center += (dy / this.element.clientHeight) * range;
    this.#applyWindow();
  }

  setWindow(center, width) {
    this.window = { center, width: Math.max(MIN_WINDOW, width) };
    this.#applyWindow();
  }

  resetWindow() {
    this.inverted = false;
    this.setWindow(this.image.window.center, this.image.window.width);
  }

  invert() {
    this.inverted = !this.inverted;
    this.#applyWindow();
  }

  #applyWindow() {
    const { center, width } = this.window;
    this.viewport.setProperties({
      voiRange: { lower: center - width / 2, upper: center + width / 2 },
      invert: this.inverted,
    });
    this.viewport.render();
    this.dispatchEvent(new Event("windowed"));
  }

  close() {
    this.resizing?.disconnect();
    engine().disableElement(this.viewportId);
  }
}
