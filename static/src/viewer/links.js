// Linked zoom: what one view does with its camera the others do too.
import { isFrontal } from "./hanging.js";

// `place` of a viewer is {zoom, center}: how many times the fitted size, and the fraction of the
// image that lies in the middle of the pane.
export function placeFor(from, to, place, own) {
  // Height corresponds between all views of a chest, width only between like ones.
  const like = isFrontal(from) === isFrontal(to) && (isFrontal(from) || from.view === to.view);
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

  follow(source) {
    for (const view of this.views) {
      if (view === source || !view.isHung || !view.viewer.shown) continue;
      view.viewer.setPlace(placeFor(source.image, view.image, source.viewer.place(), view.viewer.place()));
    }
  }
}
