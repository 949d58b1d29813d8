// Points over the image: the tip of a device as a cross that leaves its middle open, with the way to it; and outlines.

const SVG = "http://www.w3.org/2000/svg";
const RADIUS = 9; // CSS pixels, whatever the zoom
const ARM = 8;
const UPRIGHT = [[1, 0], [-1, 0], [0, 1], [0, -1]];
const SLANTED = [[1, 1], [-1, -1], [1, -1], [-1, 1]].map((way) => way.map((side) => side * Math.SQRT1_2));

export function svgElement(name, attributes = {}, text = "") {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text) made.textContent = text;
  return made;
}

// A ring and four arms around a canvas point, as the `d` of a path: what lies at the point itself stays to be seen.
// Slanted arms tell the learner's own from the truth's beside it.
export function crossPath([x, y], isSlanted = false) {
  const ring = `M${x - RADIUS} ${y}a${RADIUS} ${RADIUS} 0 1 0 ${2 * RADIUS} 0a${RADIUS} ${RADIUS} 0 1 0 ${-2 * RADIUS} 0`;
  const [near, far] = [RADIUS - 4, RADIUS + ARM];
  const arms = (isSlanted ? SLANTED : UPRIGHT).map(
    ([dx, dy]) => `M${x + dx * near} ${y + dy * near}L${x + dx * far} ${y + dy * far}`,
  );
  return [ring, ...arms].join("");
}

export function pathThrough(points, closed = false) {
  return `M${points.map((point) => point.join(" ")).join("L")}${closed ? "Z" : ""}`;
}

// Each shape twice: a dark line below a colored one, to be seen on bone and on air.
export function twice(d) {
  return [svgElement("path", { class: "halo", d }), svgElement("path", { class: "line", d })];
}
