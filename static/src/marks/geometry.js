// Boxes and points, normalized to the image, origin top left: [x0, y0, x1, y1] and [x, y].
// Image pixels are measured at pixel edges: 0 is the left edge of the first column.

export const MIN_PIXELS = 3; // a drag smaller than this on screen is a click

export function clamp(value, low, high) {
  return Math.min(high, Math.max(low, value));
}

export function boxFromCorners([ax, ay], [bx, by], { width, height }) {
  const x = [ax, bx].map((v) => clamp(v / width, 0, 1)).sort((p, q) => p - q);
  const y = [ay, by].map((v) => clamp(v / height, 0, 1)).sort((p, q) => p - q);
  return [x[0], y[0], x[1], y[1]];
}

// How many times as high as wide a pixel of the image is: 1 where nothing is known of it.
export function aspectOf({ aspect = 1 }) {
  return aspect;
}

export function toPixels(box, { width, height }) {
  return [box[0] * width, box[1] * height, box[2] * width, box[3] * height];
}

// The point of the image under pixels of it; null beside the image.
export function pointFromPixels([px, py], { width, height }) {
  const [x, y] = [px / width, py / height];
  return x >= 0 && x <= 1 && y >= 0 && y <= 1 ? [x, y] : null;
}

export function movePoint([x, y], dx, dy) {
  return [clamp(x + dx, 0, 1), clamp(y + dy, 0, 1)];
}

export function centerOf([x0, y0, x1, y1]) {
  return [(x0 + x1) / 2, (y0 + y1) / 2];
}

// A box to begin with where there was only a point.
export function boxAround([x, y], half = 0.03) {
  return [clamp(x - half, 0, 1), clamp(y - half, 0, 1), clamp(x + half, 0, 1), clamp(y + half, 0, 1)];
}

export function moveBox(box, dx, dy) {
  const w = box[2] - box[0];
  const h = box[3] - box[1];
  const x0 = clamp(box[0] + dx, 0, 1 - w);
  const y0 = clamp(box[1] + dy, 0, 1 - h);
  return [x0, y0, x0 + w, y0 + h];
}

// The box around an outline.
export function hullOf(points) {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

// An outline moved as a whole, with its box; it stays inside the image.
export function moveOutline(points, dx, dy) {
  const [x0, y0, x1, y1] = hullOf(points);
  const [across, down] = [clamp(dx, -x0, 1 - x1), clamp(dy, -y0, 1 - y1)];
  const outline = points.map(([x, y]) => [x + across, y + down]);
  return { outline, box: hullOf(outline) };
}

// A hand-drawn line in fewer corners: none is farther than `reach` from the line left (Douglas and Peucker).
export function simplified(points, reach) {
  if (points.length < 3) return points;
  const [first, last] = [points[0], points.at(-1)];
  let far = 0;
  let at = 0;
  for (let index = 1; index < points.length - 1; index += 1) {
    const away = distanceTo(points[index], first, last);
    if (away > far) [far, at] = [away, index];
  }
  if (far <= reach) return [first, last];
  return [...simplified(points.slice(0, at + 1), reach).slice(0, -1), ...simplified(points.slice(at), reach)];
}

// How far a point lies from the line between two others.
export function distanceTo([x, y], [ax, ay], [bx, by]) {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const along = length ? clamp(((x - ax) * dx + (y - ay) * dy) / length, 0, 1) : 0;
  return Math.hypot(x - ax - along * dx, y - ay - along * dy);
}

// `handle` names sides: any of "n", "s", "w", "e" and their corners ("nw", …).
export function resizeBox(box, handle, dx, dy, least = 0.002) {
  let [x0, y0, x1, y1] = box;
  // A box drawn smaller than the least keeps its own size as the least.
  const w = Math.min(least, x1 - x0);
  const h = Math.min(least, y1 - y0);
  if (handle.includes("w")) x0 = clamp(x0 + dx, 0, x1 - w);
  if (handle.includes("e")) x1 = clamp(x1 + dx, x0 + w, 1);
  if (handle.includes("n")) y0 = clamp(y0 + dy, 0, y1 - h);
  if (handle.includes("s")) y1 = clamp(y1 + dy, y0 + h, 1);
  return [x0, y0, x1, y1];
}

// What of a box lies at a point: a corner ("nw" …), "edge", "inside" or null.
// All in screen pixels; `reach` is how far off the line still counts.
export function partAt(rect, [x, y], reach) {
  const [x0, y0, x1, y1] = rect;
  if (x < x0 - reach || x > x1 + reach || y < y0 - reach || y > y1 + reach) return null;
  // Within reach of both sides of a small box, the nearer one counts.
  const west = Math.abs(x - x0) <= reach && Math.abs(x - x0) <= Math.abs(x - x1);
  const east = Math.abs(x - x1) <= reach && !west;
  const north = Math.abs(y - y0) <= reach && Math.abs(y - y0) <= Math.abs(y - y1);
  const south = Math.abs(y - y1) <= reach && !north;
  if (north && west) return "nw";
  if (north && east) return "ne";
  if (south && west) return "sw";
  if (south && east) return "se";
  if (north || south || west || east) return "edge";
  return "inside";
}
