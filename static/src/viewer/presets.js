// Windows by name: of a radiograph from its own histogram, of a CT in Hounsfield units.
import { hasUnits, storedWindow } from "./hounsfield.js";

const CT = [
  ["Lung", -600, 1500],
  ["Mediastinum", 40, 400],
  ["Bone", 400, 1800],
];
// Between which shares of the pixels (border and burn-out left out) a window reaches.
const RADIOGRAPH = [
  ["Lungs", 0.01, 0.62],
  ["Soft tissue", 0.28, 0.97],
  ["Bones", 0.52, 1],
];
const SAMPLE = 60000;

// All presets of an image as {name, center, width} in stored values, no two of them alike; the first is its own window,
// which has the name of the preset that it is, if it is one.
export function presetsOf(image, pixels) {
  const [own, ...named] = allOf(image, pixels);
  const first = { ...own, name: presetLike(named, own)?.name ?? own.name };
  return named.reduce((presets, one) => (presetLike(presets, one) ? presets : [...presets, one]), [first]);
}

function allOf(image, pixels) {
  const own = windowed("Default", image.window.center - image.window.width / 2, image.window.center + image.window.width / 2);
  if (hasUnits(image)) return [own, ...CT.map(([name, level, width]) => ({ name, ...storedWindow(image, level, width) }))];
  if (image.view === "CT") return [own]; // whose values are in units that nobody knows
  if (!pixels?.length) return [own];
  const values = sampled(pixels);
  const at = (share) => values[Math.min(values.length - 1, Math.floor(share * values.length))];
  return [own, ...RADIOGRAPH.map(([name, low, high]) => windowed(name, at(low), at(high)))];
}

function windowed(name, low, high) {
  const width = Math.max(2, high - low);
  return { name, center: low + width / 2, width };
}

// Some of the values between the darkest and the brightest, in order.
function sampled(pixels) {
  const step = Math.max(1, Math.floor(pixels.length / SAMPLE)) | 1;
  const values = [];
  for (let i = 0; i < pixels.length; i += step) values.push(pixels[i]);
  values.sort((a, b) => a - b);
  const inner = values.filter((value) => value > values[0] && value < values[values.length - 1]);
  return inner.length > values.length / 20 ? inner : values;
}

// The preset that this window is, or null when it was set by hand.
export function presetLike(presets, { center, width }) {
  return presets.find((one) => Math.abs(one.center - center) < 0.5 && Math.abs(one.width - width) < 0.5) ?? null;
}
