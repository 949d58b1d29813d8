// Linked zoom: what one view does with its camera the others do too.
import { isFrontal } from "./hanging.js";

// Whether two images show the body from the same side, as today's film and an earlier one do.
export const areAlike = (one, other) => isFrontal(one) === isFrontal(other) && (isFrontal(one) || one.view === other.view);

// `place` of a viewer is {zoom, center}: how many times the fitted size, and the fraction of the
// image that lies in the middle of the pane.
export function placeFor(from, to, place, own) {
  // Height corresponds between all views of a chest, width only between like ones.
  const like = areAlike(from, to);
  return { zoom: place.zoom, center: [like ? place.center[0] : own.center[0], place.center[1]] };
}

export class Links {
  constructor(views) {
    this.views = views;
    this.on = false;
  }

  toggle(view) {
    this.on = !this.on;
    if (this.on && view) this.follow(view);
  }

  watch(view) {
    view.viewer.addEventListener("camera", () => this.on && this.follow(view));
  }

  // All other views, or those of images alike; they go where the source looks.
  follow(source, { alike = false } = {}) {
    for (const view of this.views) {
      if (view === source || !view.isHung || !view.viewer.shown) continue;
      if (alike && !areAlike(source.image, view.image)) continue;
      view.viewer.setPlace(placeFor(source.image, view.image, source.viewer.place(), view.viewer.place()));
    }
  }
}
