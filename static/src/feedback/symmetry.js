// The mirrored place on the other side of the body, and what of it to show.
import { clamp } from "../marks/geometry.js";

const SEARCHED = 0.08; // how far from the image's middle the body's may lie, of its width
const ROWS = 24;
const MARGIN = 0.6; // surroundings on each side, of the box's longer side
const LEAST = 0.12; // of the image's shorter side: a small box needs surroundings to be read

// Where the body's midline lies, as a fraction of the width: the axis about which the mean
// of some rows of the middle of the image is most like its own mirror image.
export function midlineOf(pixels, width, height) {
  const profile = columnMeans(pixels, width, height);
  const middle = (width - 1) / 2;
  const farthest = Math.round(width * SEARCHED);
  let best = { error: Infinity, axis: middle };
  for (let step = -2 * farthest; step <= 2 * farthest; step += 1) {
    const axis = middle + step / 2;
    const error = asymmetry(profile, axis) * (1 + Math.abs(step) / (40 * farthest)); // of equals the central one
    if (error < best.error) best = { error, axis };
  }
  return (best.axis + 0.5) / width;
}

function columnMeans(pixels, width, height) {
  const means = new Float64Array(width);
  for (let row = 0; row < ROWS; row += 1) {
    const start = Math.floor(height * (0.25 + (0.5 * row) / ROWS)) * width;
    for (let x = 0; x < width; x += 1) means[x] += pixels[start + x] / ROWS;
  }
  return means;
}

function asymmetry(profile, axis) {
  const reach = Math.floor(Math.min(axis, profile.length - 1 - axis));
  const every = Math.max(1, Math.floor(reach / 200));
  let sum = 1;
  let count = 0;
  for (let far = 0; far <= reach; far += every) {
    const left = profile[Math.ceil(axis - far)] ?? profile[0];
    const right = profile[Math.floor(axis + far)] ?? profile.at(-1);
    sum += Math.abs(left - right);
    count += 1;
  }
  return sum / count;
}

// A normalized box about the midline (a fraction of the width); kept inside the image.
export function mirrored([x0, y0, x1, y1], midline) {
  const flip = (x) => clamp(2 * midline - x, 0, 1);
  return [flip(x1), y0, flip(x0), y1];
}

// What is square on the patient around a box: its corner {x, y} and extent in image pixels, `size` columns and `rows` rows.
// The box with its surroundings; it may reach beyond the image, where nothing is drawn. `aspect` is a pixel's.
export function cropAround(box, { width, height }, aspect = 1) {
  const across = (box[2] - box[0]) * width;
  const down = (box[3] - box[1]) * height * aspect;
  const sides = [width, height * aspect];
  const wanted = Math.max(across, down) * (1 + 2 * MARGIN);
  const size = clamp(wanted, LEAST * Math.min(...sides), Math.max(...sides));
  const rows = size / aspect;
  const middle = [((box[0] + box[2]) / 2) * width, ((box[1] + box[3]) / 2) * height];
  return { x: middle[0] - size / 2, y: middle[1] - rows / 2, size, rows };
}
