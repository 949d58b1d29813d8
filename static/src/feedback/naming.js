// What lies where on a simulated film: outlines with names, as the server tells them after the answer.

const NEAR = 0.008; // of the image: how near a line or a point counts as there
const ORDER = ["ribs", "shoulders", "spine"]; // bones are told first, then the rest from front to back

// The outlines of a structure as lists of [x, y], normalized.
export function linesOf({ rings, line }, unit) {
  const pairs = (flat) => flat.reduce((points, value, at) => (at % 2 ? points.at(-1).push(value / unit) : points.push([value / unit]), points), []);
  return [...(rings ?? []), ...(line ? [line] : [])].map(pairs);
}

export function prepared({ structures, unit }) {
  return structures.map((one) => ({ ...one, lines: linesOf(one, unit), isArea: Boolean(one.rings) }));
}

// Whether a point lies within a closed line.
export function isWithin([x, y], ring) {
  let inside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [[xi, yi], [xj, yj]] = [ring[i], ring[j]];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}

export function isNear([x, y], line) {
  return line.some((end, index) => {
    const start = line[Math.max(0, index - 1)];
    const [dx, dy] = [end[0] - start[0], end[1] - start[1]];
    const along = Math.min(1, Math.max(0, ((x - start[0]) * dx + (y - start[1]) * dy) / (dx * dx + dy * dy || 1)));
    return Math.hypot(x - start[0] - along * dx, y - start[1] - along * dy) < NEAR;
  });
}

// What lies at a point, normalized: bones first, then the rest from front to back.
export function structuresAt(all, point) {
  const rank = ({ group }) => (ORDER.includes(group) ? ORDER.indexOf(group) : ORDER.length);
  return all
    .filter(({ lines, isArea }) => lines.some((line) => (isArea ? isWithin(point, line) : isNear(point, line))))
    .sort((a, b) => rank(a) - rank(b) || (a.depth ?? 0) - (b.depth ?? 0));
}

// "5th rib posterior, right; from front to back: left upper lobe, heart, left lower lobe"
export function inWords(structures) {
  const bones = structures.filter(({ group }) => ORDER.includes(group)).map(({ name }) => name);
  const rest = structures.filter(({ group }) => !ORDER.includes(group)).map(({ name }) => name);
  const deep = rest.length > 1 ? `front to back: ${rest.join(", ")}` : rest.join("");
  const said = [...bones, deep].filter(Boolean).join("; ");
  return said ? said[0].toUpperCase() + said.slice(1) : "Nothing that has a name";
}
