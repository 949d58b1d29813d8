// One image's pane: its elements, made from the page's template, and all that works in it.
import { KeyboardCrosshair } from "../marks/crosshair.js";
import { aspectOf } from "../marks/geometry.js";
import { Overlay } from "../marks/overlay.js";
import { Gestures } from "./gestures.js";
import { isPrior } from "./hanging.js";
import { hasUnits, toUnits } from "./hounsfield.js";
import { MeasureLayer } from "./measure-layer.js";
import { paintWhole } from "./paint.js";

const VIEWS = { PA: "PA", AP: "AP", LATERAL: "Lateral", FRONTAL: "Frontal", CT: "CT", OTHER: "" };
const back = (frame) => frame - 1;
const on = (frame) => frame + 1;
// Keys on the slider of slices, as (slice shown, last slice) to the slice wanted.
const STEPS = {
  ...{ PageUp: back, ArrowUp: back, ArrowLeft: back, PageDown: on, ArrowDown: on, ArrowRight: on },
  ...{ Home: () => 0, End: (_, last) => last },
};

// What a learner is told of an image: its view, and whether it is of a prior study.
export function nameOfImage(image) {
  const prior = isPrior(image) ? ["prior study", image.study_label].filter(Boolean).join(", ") : "";
  return [VIEWS[image.view] ?? image.view, prior].filter(Boolean).join(" · ");
}

export function makePane(image, index) {
  const template = document.getElementById("view-template");
  return new View(template.content.firstElementChild.cloneNode(true), image, index);
}

class View {
  constructor(pane, image, index) {
    Object.assign(this, { pane, image });
    this.element = this.role("canvas");
    this.lens = this.role("lens");
    pane.dataset.view = image.view;
    pane.dataset.study = image.study ?? "current";
    this.role("view-name").textContent = nameOfImage(image);
    this.element.setAttribute("aria-label", `${nameOfImage(image) || "Image"}, image ${index + 1}`);
    this.element.tabIndex = 0;
    if (image.letters !== undefined) this.#letter(image.letters ?? {});
  }

  // Which side of the patient lies where in the pane, as far as it is known; without word of it, as is usual.
  #letter(letters) {
    this.pane.dataset.letters = "known";
    for (const place of ["left", "right", "top", "bottom"]) this.role(`letter-${place}`).textContent = letters[place] ?? "";
  }

  role(name) {
    return this.pane.querySelector(`[data-role=${name}]`);
  }

  // In this place from the left, or, below zero, out of sight: it keeps its size, and so its camera.
  hang(place) {
    this.isHung = place >= 0;
    this.pane.classList.toggle("away", !this.isHung);
    this.pane.style.order = Math.max(0, place);
  }

  // A first look at the pixels, before Cornerstone has them. Notes how many ms it took since `asked`.
  preview(rendition, asked) {
    if (this.viewer?.shown || !this.isHung) return;
    if (!paintWhole(this.role("preview"), rendition, this.image.window, aspectOf(this.image))) return;
    this.role("note").hidden = true;
    this.pane.dataset.previewed = String(Math.round(performance.now() - asked));
  }

  // How much of a slow image is there, 0 to 1.
  coming(share) {
    this.role("coming").hidden = share >= 1;
    this.role("coming").querySelector("progress").value = share;
    this.role("share").textContent = `Not all of the image is here yet: ${Math.floor(share * 100)} %`;
  }

  equip(stage, Viewer, drawing) {
    const { answer, measurements, renditions, nameOf, isPoint, extra, outlining } = stage;
    const svg = this.pane.querySelector("svg.marks");
    this.viewer = new Viewer(this.element, this.image, renditions);
    this.overlay = new Overlay(svg, this.viewer, answer, { nameOf, isPoint, readOnly: stage.drawing() === null, extra, outlining });
    this.measures = new MeasureLayer(svg, this.viewer, measurements);
    this.gestures = new Gestures(this.element, this.viewer, this.overlay, answer, {
      drawing,
      mouse: () => stage.bindings.mouse,
      measures: this.measures,
      hover: (point) => stage.magnifier.on && stage.magnifier.draw(this, point),
    });
    this.crosshair = new KeyboardCrosshair(svg, this, answer, () => drawing()?.label, {
      measuring: (point) => this.#measured(measurements, point),
      isPoint,
    });
    this.viewer.addEventListener("coming", ({ detail }) => this.coming(detail));
    this.viewer.addEventListener("problem", ({ detail }) => this.say(detail));
    this.#bindSlider();
  }

  #measured(measurements, point) {
    if (!measurements.tool) return false;
    measurements.add(this.image.id, this.viewer.frame, [...point]);
    return true;
  }

  #bindSlider() {
    const slider = this.role("slices");
    const { frames } = this.image;
    slider.hidden = frames < 2;
    slider.max = frames - 1;
    slider.addEventListener("input", () => this.viewer.show(Number(slider.value)));
    slider.addEventListener("keydown", (event) => this.#stepSlider(event, frames - 1));
  }

  // On the slider a key means what it means on the image: the browser's own steps jump, and some the other way.
  #stepSlider(event, last) {
    const { key, ctrlKey, metaKey, altKey } = event;
    if (!STEPS[key] || ctrlKey || metaKey || altKey) return;
    event.preventDefault();
    this.viewer.show(STEPS[key](this.viewer.wanted ?? this.viewer.frame, last));
  }

  // Shows the image, once. Whatever goes wrong is said in the pane.
  open() {
    this.opening ??= this.#open();
    return this.opening;
  }

  async #open() {
    try {
      await this.viewer.open();
      this.role("note").hidden = true;
      this.role("preview").hidden = true;
      this.pane.dataset.ready = "true";
    } catch (error) {
      if (this.viewer.closed) return; // the case was left while it was opening
      console.error(error);
      this.say(`${error.message} Reload the page to try again.`);
      this.role("note").classList.add("error");
    }
  }

  say(sentence) {
    Object.assign(this.role("note"), { textContent: sentence, hidden: false });
  }

  // Says window, level and slice in the pane's corner.
  describe() {
    const { viewer, image } = this;
    const { center, width } = viewer.window;
    const units = hasUnits(image);
    const [shownWidth, level] = units ? [Math.abs(width * image.scale), toUnits(image, center)] : [width, center];
    this.role("window").textContent = `W ${Math.round(shownWidth)} L ${Math.round(level)}${units ? " HU" : ""}`;
    if (image.frames > 1) {
      this.role("slice").textContent = `${viewer.frame + 1} / ${image.frames}`;
      this.role("slices").value = viewer.frame;
    }
    if (viewer.shown) this.role("note").hidden = true;
  }
}
