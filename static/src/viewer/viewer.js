// One image or stack in one element, shown by Cornerstone3D; no module but this one and engine.js touches it.
// Image coordinates are pixels at pixel edges; canvas coordinates are CSS pixels.
import { Enums, cache, eventTarget, imageLoader } from "@cornerstonejs/core";

import { aspectOf, clamp } from "../marks/geometry.js";
import { engine } from "./engine.js";
import { fitted } from "./paint.js";
import { presetLike, presetsOf } from "./presets.js";

const NEAREST = 3; // times the fitted size: a small finding keeps its surroundings
const MIN_WINDOW = 2;
const AHEAD = [1, 2, 3, -1]; // slices fetched beside the one that is shown

export class Viewer extends EventTarget {
  // `image` is one entry of the page's "images"; `renditions` loads pixels.
  constructor(element, image, renditions) {
    super();
    this.element = element;
    this.image = image;
    this.renditions = renditions;
    this.frame = 0;
    this.inverted = false;
    this.aspect = aspectOf(image);
    this.cached = new Set();
    this.window = this.#given();
    this.viewportId = `view-${image.id}`;
    this.tell = () => this.dispatchEvent(new Event("moved"));
  }

  // The image's own window, never too narrow to be shown.
  #given() {
    const { center, width } = this.image.window;
    return { center, width: Math.max(MIN_WINDOW, width) };
  }

  // Cornerstone's viewport in the element; once it is there, the first frame is shown.
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
    await this.#show(0);
  }

  urlOf(frame) {
    return this.image.frames > 1 ? this.image.frame_urls[frame] : this.image.url;
  }

  // The values that raised local contrast is about; null while it is not raised.
  get raised() {
    if (!this.contrast) return null;
    const { center, width } = this.image.window;
    return { low: Math.max(0, center - width * 0.6), high: Math.min(this.image.max, center + width * 0.6) };
  }

  #load(frame, listen = null) {
    return this.renditions.load(this.urlOf(frame), this.raised, listen);
  }

  // Shows a frame; a failure is told by "problem", how much of a slow one is there by "coming".
  async show(frame) {
    try {
      await this.#show(frame);
    } catch (error) {
      if (!this.closed) this.dispatchEvent(new CustomEvent("problem", { detail: error.message }));
    }
  }

  // The same, with a coarse picture as soon as there is one; rejects where it fails and is still wanted.
  async #show(frame) {
    const wanted = clamp(frame, 0, this.image.frames - 1);
    this.wanted = wanted;
    const { contrast } = this;
    let isComing = true;
    const isWanted = () => this.wanted === wanted && this.contrast === contrast && !this.closed;
    const listen = ({ share, early }) => {
      if (!isComing || !isWanted()) return;
      if (early) this.#take(() => isComing && isWanted() && this.#present(wanted, early, true)).catch(() => {});
      else this.#tellShare(share);
    };
    try {
      const rendition = await this.#load(wanted, listen);
      isComing = false;
      await this.#take(() => isWanted() && this.#present(wanted, rendition));
    } catch (error) {
      if (isWanted()) throw error;
    } finally {
      isComing = false;
      if (isWanted()) this.#tellShare(1);
    }
  }

  // One after the other, whatever became of the one before.
  #take(present) {
    this.turn = Promise.allSettled([this.turn]).then(present);
    return this.turn;
  }

  #tellShare(share) {
    this.dispatchEvent(new CustomEvent("coming", { detail: share }));
  }

  async #present(frame, rendition, isCoarse = false) {
    const first = !this.shown;
    if (first || this.isCoarse) this.known = presetsOf(this.image, rendition.pixels);
    const camera = first ? null : this.viewport.getCamera();
    const before = this.isCoarse ? this.viewport.getCurrentImageId() : null;
    await this.#setStack(this.#imageOf(frame, rendition, isCoarse));
    if (before) this.#release(before);
    Object.assign(this, { frame, rendition, isCoarse, shown: true });
    if (camera) this.viewport.setCamera(camera);
    this.#applyWindow();
    if (first) this.fit();
    this.viewport.render();
    this.dispatchEvent(new Event("frame"));
    if (!isCoarse) this.#fetchNeighbors();
  }

  #imageOf(frame, { width, height, pixels }, isCoarse) {
    const kind = isCoarse ? `#coarse-${(this.coarse = (this.coarse ?? 0) + 1)}` : this.contrast ? "#contrast" : "";
    const imageId = `radgame:${this.urlOf(frame)}${kind}`;
    if (!cache.getImageLoadObject(imageId)) {
      const made = imageLoader.createAndCacheLocalImage(imageId, {
        scalarData: pixels,
        dimensions: [width, height],
        spacing: [1, this.aspect], // of columns, of rows: only their proportion is shown
        frameOfReferenceUID: this.image.id,
      });
      // A local image has a window of zero width, from which Cornerstone makes an inverted map.
      const given = this.#given();
      Object.assign(made, { windowCenter: given.center, windowWidth: given.width });
      this.cached.add(imageId);
    }
    return imageId;
  }

  // The next slices in the direction of travel, and one behind.
  #fetchNeighbors() {
    const way = this.frame < (this.before ?? 0) ? -1 : 1;
    this.before = this.frame;
    if (this.renditions.makes(this.urlOf(this.frame))) return;
    for (const step of AHEAD) {
      const frame = this.frame + way * step;
      if (frame >= 0 && frame < this.image.frames) this.#load(frame).catch(() => {});
    }
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

  #resize() {
    if (!this.shown || !this.element.clientWidth || !this.element.clientHeight) return;
    engine().resize(true, true);
    if (this.isFitted) this.#fitQuietly();
    this.tell();
  }

  // From image pixels (edges) to CSS pixels of the element, and back.
  toCanvas([x, y]) {
    return this.viewport.worldToCanvas([x - 0.5, (y - 0.5) * this.aspect, 0]);
  }

  toImage(point) {
    const [x, y] = this.viewport.canvasToWorld(point);
    return [x + 0.5, y / this.aspect + 0.5];
  }

  // CSS pixels that an image pixel is wide.
  scale() {
    return this.toCanvas([1, 0])[0] - this.toCanvas([0, 0])[0];
  }

  #fitQuietly() {
    this.viewport.resetCamera();
    this.viewport.render();
    this.isFitted = true;
    this.tell();
  }

  fit() {
    this.#fitQuietly();
    this.dispatchEvent(new Event("camera"));
  }

  // How the image lies in its pane: times the fitted size, and the fraction of it in the pane's middle.
  place() {
    const { clientWidth: width, clientHeight: height } = this.element;
    const [x, y] = this.toImage([width / 2, height / 2]);
    const { scale } = fitted(this.image, { width, height }, this.aspect);
    return { zoom: this.scale() / scale, center: [x / this.image.width, y / this.image.height] };
  }

  // The same the other way round; tells nobody but those who draw over the image.
  setPlace({ zoom, center }) {
    const { clientWidth: width, clientHeight: height } = this.element;
    this.#scaleTo(zoom * fitted(this.image, { width, height }, this.aspect).scale);
    const [x, y] = this.toCanvas([center[0] * this.image.width, center[1] * this.image.height]);
    this.#shift(this.viewport.canvasToWorld([x, y]), this.viewport.canvasToWorld([width / 2, height / 2]));
  }

  #scaleTo(wanted) {
    const { parallelScale } = this.viewport.getCamera();
    this.viewport.setCamera({ parallelScale: (parallelScale * this.scale()) / clamp(wanted, 0.05, 40) });
  }

  oneToOne() {
    const middle = [this.element.clientWidth / 2, this.element.clientHeight / 2];
    this.zoomBy(1 / (this.scale() * (window.devicePixelRatio || 1)), middle);
  }

  zoomBy(factor, point) {
    const before = this.viewport.canvasToWorld(point);
    this.#scaleTo(this.scale() * factor);
    this.#shift(before, this.viewport.canvasToWorld(point));
    this.dispatchEvent(new Event("camera"));
  }

  // Moves the picture, as if taken hold of, by CSS pixels.
  panBy(dx, dy) {
    this.#shift(this.viewport.canvasToWorld([0, 0]), this.viewport.canvasToWorld([dx, dy]));
    this.dispatchEvent(new Event("camera"));
  }

  #shift(from, to) {
    const { focalPoint, position } = this.viewport.getCamera();
    const move = (point) => point.map((value, axis) => value + from[axis] - to[axis]);
    this.viewport.setCamera({ focalPoint: move(focalPoint), position: move(position) });
    this.viewport.render();
    this.isFitted = false;
    this.tell();
  }

  // Shows a box (normalized) in the middle, with some of its surroundings.
  zoomTo(box, margin = 2.5) {
    const { width, height } = this.image;
    const size = Math.max((box[2] - box[0]) * width, (box[3] - box[1]) * height * this.aspect, 1) * margin;
    const room = Math.min(this.element.clientWidth, this.element.clientHeight);
    this.fit();
    const factor = clamp(room / size / this.scale(), 1, NEAREST);
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
    const { center, width } = this.#given();
    this.setWindow(center, width);
  }

  // The windows by name; those of a radiograph are known once it is shown.
  get presets() {
    return this.known ?? presetsOf(this.image);
  }

  // The preset that is set, or null when the window was set by hand.
  get preset() {
    return presetLike(this.presets, this.window);
  }

  // One of the presets by its place in the list. Returns false when there is none.
  choosePreset(place) {
    const chosen = this.presets[place];
    if (!chosen) return false;
    this.setWindow(chosen.center, chosen.width);
    return true;
  }

  nextPreset() {
    return this.choosePreset((this.presets.indexOf(this.preset) + 1) % this.presets.length);
  }

  async setContrast(on) {
    if (Boolean(this.contrast) === on) return;
    this.contrast = on;
    await this.show(this.frame);
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

  // Gives back the viewport and Cornerstone's hold on the pixels; the renditions keep theirs.
  close() {
    this.closed = true;
    this.resizing?.disconnect();
    if (this.viewport) engine().disableElement(this.viewportId);
    for (const imageId of [...this.cached]) this.#release(imageId);
  }

  #release(imageId) {
    if (cache.getImageLoadObject(imageId)) cache.removeImageLoadObject(imageId, { force: true });
    this.cached.delete(imageId);
  }
}
