// The CT of the person behind a simulated film: its slices, and the film's points as lines through it.
// Points of the person are [down, back, left] in mm; shares of the film are [x, y] from its top left corner.

export const OFFSET = 1024; // stored values are Hounsfield units above this
const OUTSIDE = -500; // Hounsfield units of what is not yet the body
export const PLANES = ["axial", "coronal", "sagittal"];
// Of each plane: the axis that its slices follow, and those of its rows and columns.
const AXES = { axial: [0, 1, 2], coronal: [1, 0, 2], sagittal: [2, 0, 1] };
const LETTERS = {
  axial: { left: "R", right: "L", top: "A", bottom: "P" },
  coronal: { left: "R", right: "L" },
  sagittal: { left: "A", right: "P" },
};
export const WINDOWS = { "Lung": [-600, 1500], "Soft tissue": [40, 400], "Bone": [400, 1800] }; // level, width
const TISSUES = [[-900, "air"], [-300, "lung"], [-25, "fat"], [180, "soft tissue or fluid"], [Infinity, "bone, lime or metal"]];

export class PersonCt {
  // `said` is what the server says of it; `sheet` {width, grays}: the slices side by side.
  constructor(said, sheet) {
    Object.assign(this, said);
    const levels = valuesOf(said.table);
    const [down, back, left] = said.shape;
    const isWhole = sheet.width >= Math.min(down, said.across) * left && sheet.grays.length >= Math.ceil(down / said.across) * back * sheet.width;
    if (!isWhole) throw new Error("The picture is too small for its slices.");
    this.voxels = new Uint16Array(down * back * left);
    for (let z = 0, to = 0; z < down; z += 1) {
      const top = Math.floor(z / said.across) * back;
      const first = (z % said.across) * left;
      for (let y = 0; y < back; y += 1) {
        const from = (top + y) * sheet.width + first;
        for (let x = 0; x < left; x += 1, to += 1) this.voxels[to] = levels[sheet.grays[from + x]];
      }
    }
  }

  // What the viewer needs of one plane: a stack of images whose addresses mean slices of this volume.
  imageOf(plane) {
    const [along, rows, columns] = AXES[plane];
    const mm = (axis) => this.spacing * (axis === 1 ? this.deep : 1);
    const frames = this.shape[along];
    const [level, width] = WINDOWS["Soft tissue"];
    return {
      ...{ id: `ct-${plane}`, view: `CT, ${plane}`, study: "current", frames, url: `${this.url}#${plane}-0` },
      frame_urls: Array.from({ length: frames }, (_, frame) => `${this.url}#${plane}-${frame}`),
      ...{ width: this.shape[columns], height: this.shape[rows], max: 4095, bits: 12, scale: 1, offset: -OFFSET },
      ...{ window: { center: level + OFFSET, width }, aspect: mm(rows) / mm(columns), spacing_mm: [mm(rows), mm(columns)] },
      letters: LETTERS[plane],
    };
  }

  // The slice that an address means: {width, height, pixels}.
  sliceAt(url) {
    const [plane, frame] = url.split("#")[1].split("-");
    const [along, rows, columns] = AXES[plane];
    const steps = [this.shape[1] * this.shape[2], this.shape[2], 1];
    const [width, height] = [this.shape[columns], this.shape[rows]];
    const pixels = new Uint16Array(width * height);
    for (let row = 0, to = 0; row < height; row += 1) {
      let from = Number(frame) * steps[along] + row * steps[rows];
      for (let column = 0; column < width; column += 1, to += 1, from += steps[columns]) pixels[to] = this.voxels[from];
    }
    return { width, height, pixels };
  }

  // --- the film's points and the person's ---

  // The point at a depth (mm) of the line that a point of the film sees.
  onLine([x, y], depth) {
    const { middle, corner, size, near, slope } = this.beam;
    const narrow = near + slope * depth;
    return [middle[0] + (corner[0] + y * size[0]) * narrow, depth, middle[1] + (corner[1] + x * size[1]) * narrow];
  }

  // Where a point of the person shows on the film.
  onFilm([down, depth, left]) {
    const { middle, corner, size, near, slope } = this.beam;
    const narrow = near + slope * depth;
    return [((left - middle[1]) / narrow - corner[1]) / size[1], ((down - middle[0]) / narrow - corner[0]) / size[0]];
  }

  // Depths at which the volume begins and ends.
  get depths() {
    return [this.corner[1], this.corner[1] + this.shape[1] * this.spacing];
  }

  // Index of the slice of a plane in which a point lies.
  frameOf(plane, point) {
    const [along] = AXES[plane];
    const index = Math.floor((point[along] - this.corner[along]) / this.spacing);
    return Math.min(this.shape[along] - 1, Math.max(0, index));
  }

  // The same point in another slice of a plane.
  moved(plane, frame, point) {
    const [along] = AXES[plane];
    return point.map((mm, axis) => (axis === along ? this.corner[axis] + (frame + 0.5) * this.spacing : mm));
  }

  // Where a point lies on slices of a plane, image pixels [x, y]; and a point of such a slice.
  onSlice(plane, point) {
    const [, rows, columns] = AXES[plane];
    return [columns, rows].map((axis) => (point[axis] - this.corner[axis]) / this.spacing);
  }

  fromSlice(plane, [x, y], point) {
    const [, rows, columns] = AXES[plane];
    const found = [...point];
    found[columns] = this.corner[columns] + x * this.spacing;
    found[rows] = this.corner[rows] + y * this.spacing;
    return found;
  }

  // Hounsfield units at a point; null outside.
  unitsAt(point) {
    const [z, y, x] = point.map((mm, axis) => Math.floor((mm - this.corner[axis]) / this.spacing));
    const [down, back, left] = this.shape;
    if (z < 0 || y < 0 || x < 0 || z >= down || y >= back || x >= left) return null;
    return this.voxels[(z * back + y) * left + x] - OFFSET;
  }

  // Between which depths a line goes through the body; null where it misses it.
  bodyOn(share) {
    const [first, last] = this.depths;
    const inside = [];
    for (let depth = first; depth < last; depth += this.spacing) {
      const units = this.unitsAt(this.onLine(share, depth));
      if (units !== null && units > OUTSIDE) inside.push(depth);
    }
    return inside.length > 1 ? [inside[0], inside.at(-1)] : null;
  }

  // The finding of that name that shows nearest to a point of the film, or, without a name, any that shows within `reach`.
  spotNear([x, y], { name = null, reach = Infinity } = {}) {
    const away = (spot) => {
      const [sx, sy] = this.onFilm(spot.at);
      return Math.hypot(sx - x, sy - y);
    };
    const found = this.spots.filter((spot) => (!name || spot.name === name) && away(spot) <= reach);
    return found.sort((a, b) => away(a) - away(b))[0] ?? null;
  }

  // What lies at a point of the person, and where along its line, in words.
  inWords(point, spot = null) {
    const units = this.unitsAt(point);
    const slices = PLANES.map((plane) => `${plane} ${this.frameOf(plane, point) + 1} of ${this.shape[AXES[plane][0]]}`).join(", ");
    const said = [`Slices: ${slices}.`];
    if (units !== null) said.push(`Here: ${units} HU, as of ${TISSUES.find(([most]) => units < most)[1]}.`);
    const body = this.bodyOn(this.onFilm(point));
    if (!body) return [...said, "The line through this point misses the body."].join(" ");
    const cm = (depth) => (((depth - body[0]) * this.deep) / 10).toFixed(0);
    said.push(`The line runs through ${cm(body[1])} cm of the body; this point lies ${cm(point[1])} cm from its front.`);
    if (spot) {
      const [from, to] = spot.depth.map(cm);
      said.push(`${spot.name} lies ${from === to ? `${from} cm` : `from ${from} to ${to} cm`} along it.`);
    }
    return said.join(" ");
  }
}

// The stored value of each gray.
export function valuesOf(table) {
  return Uint16Array.from({ length: 256 }, (_, gray) => {
    const above = Math.max(1, table.findIndex(([, end]) => end >= gray));
    const [[low, from], [high, to]] = [table[above - 1], table[above]];
    return Math.round(low + ((high - low) * (gray - from)) / (to - from)) + OFFSET;
  });
}
