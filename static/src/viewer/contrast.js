// Local contrast: adaptive histogram equalization with a limit (CLAHE, Zuiderveld 1994).

const BINS = 512;

// The same picture with its local contrast raised; a new array of the same kind and range.
// Only values between `low` and `high` change, and stay between them. `limit` is how many times
// the mean a histogram's bin may count; `tiles` how many histograms lie along the long side.
export function equalized({ width, height, pixels }, { low, high, limit = 2.5, tiles = 8 }) {
  const side = Math.max(1, Math.ceil(Math.max(width, height) / tiles));
  const columns = Math.ceil(width / side);
  const rows = Math.ceil(height / side);
  const scale = BINS / Math.max(high - low, 1);
  const maps = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      maps.push(mapOf({ width, height, pixels }, { row, column, side, low, high, scale, limit }));
    }
  }
  const out = pixels.slice();
  const across = neighbors(width, side, columns);
  const down = neighbors(height, side, rows);
  for (let y = 0, i = 0; y < height; y++) {
    const top = maps.slice(down.first[y] * columns, (down.first[y] + 1) * columns);
    const bottom = maps.slice(down.second[y] * columns, (down.second[y] + 1) * columns);
    const v = down.part[y];
    for (let x = 0; x < width; x++, i++) {
      const value = pixels[i];
      if (value <= low || value >= high) continue;
      const bin = Math.min(BINS - 1, Math.floor((value - low) * scale));
      const [a, b, u] = [across.first[x], across.second[x], across.part[x]];
      const above = top[a][bin] * (1 - u) + top[b][bin] * u;
      const below = bottom[a][bin] * (1 - u) + bottom[b][bin] * u;
      out[i] = low + (above * (1 - v) + below * v) * (high - low);
    }
  }
  return out;
}

// Where one tile's values go: from bin to the share (0 to 1) of its pixels in that bin or below.
function mapOf({ width, height, pixels }, { row, column, side, low, high, scale, limit }) {
  const counts = new Float32Array(BINS);
  let total = 0;
  for (let y = row * side; y < Math.min(height, (row + 1) * side); y++) {
    const end = y * width + Math.min(width, (column + 1) * side);
    for (let i = y * width + column * side; i < end; i++) {
      if (pixels[i] <= low || pixels[i] >= high) continue;
      counts[Math.min(BINS - 1, Math.floor((pixels[i] - low) * scale))] += 1;
      total += 1;
    }
  }
  return cumulated(counts, total, limit);
}

function cumulated(counts, total, limit) {
  if (!total) return counts.map((_, bin) => (bin + 0.5) / BINS);
  const most = Math.max(1, (limit * total) / BINS);
  let spare = 0;
  for (let bin = 0; bin < BINS; bin++) {
    if (counts[bin] <= most) continue;
    spare += counts[bin] - most;
    counts[bin] = most;
  }
  let sum = 0;
  for (let bin = 0; bin < BINS; bin++) {
    sum += counts[bin] + spare / BINS;
    counts[bin] = sum / total;
  }
  return counts;
}

// For every pixel along one side: the two tiles whose middles lie around it, and how far it is to the second.
function neighbors(length, side, tiles) {
  const [first, second, part] = [new Uint16Array(length), new Uint16Array(length), new Float32Array(length)];
  for (let i = 0; i < length; i++) {
    const place = (i + 0.5) / side - 0.5;
    first[i] = Math.max(0, Math.floor(place));
    second[i] = Math.min(tiles - 1, Math.floor(place) + 1);
    part[i] = Math.min(1, Math.max(0, place - first[i]));
  }
  return { first, second, part };
}
