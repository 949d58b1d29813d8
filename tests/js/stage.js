// A viewer without pixels: the same coordinates and events as the real one, and a note of each call.

export class FakeViewer extends EventTarget {
  constructor({ id = "pa", width = 1000, height = 500, frames = 1, scale = 1 } = {}) {
    super();
    this.image = { id, width, height, frames };
    this.frame = 0;
    this.shown = true;
    this.scale = scale;
    this.origin = [0, 0]; // where the image's corner lies on the canvas
    this.calls = [];
  }

  toCanvas([x, y]) {
    return [x * this.scale + this.origin[0], y * this.scale + this.origin[1]];
  }

  toImage([x, y]) {
    return [(x - this.origin[0]) / this.scale, (y - this.origin[1]) / this.scale];
  }

  // Puts the camera elsewhere, as a wheel or a pan does.
  look({ scale = this.scale, origin = this.origin }) {
    Object.assign(this, { scale, origin });
    this.dispatchEvent(new Event("moved"));
  }

  zoomBy(factor, point) {
    this.calls.push(["zoomBy", factor, point]);
  }

  panBy(dx, dy) {
    this.calls.push(["panBy", dx, dy]);
  }

  windowBy(dx, dy) {
    this.calls.push(["windowBy", dx, dy]);
  }

  show(frame) {
    this.calls.push(["show", frame]);
  }
}

export function closeTo(actual, expected, tolerance = 1e-9) {
  return actual.length === expected.length && actual.every((v, i) => Math.abs(v - expected[i]) <= tolerance);
}
