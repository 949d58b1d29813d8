// Hounsfield units of an image's stored values: stored × scale + offset, where the scale is known.

// Whether the image's values are known to be Hounsfield units. A scale below 0 means that gray falls with them.
export function hasUnits(image) {
  return typeof image.scale === "number" && image.scale !== 0;
}

export function toUnits(image, stored) {
  return stored * image.scale + image.offset;
}

// A window of so many units around a level, as {center, width} in stored values.
export function storedWindow(image, level, width) {
  return { center: (level - image.offset) / image.scale, width: Math.abs(width / image.scale) };
}
