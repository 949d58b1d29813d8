// What a measurement says. Points are image pixels at pixel edges; spacing is [row, column] mm a pixel or null.

// Each kind: how many points it takes, its name, and what to do next, by how many points there are.
export const KINDS = {
  length: { points: 2, name: "Length", steps: ["Click the first end, or drag.", "Click the other end."] },
  angle: {
    points: 3,
    name: "Angle",
    steps: ["Click the end of one leg, or drag to the vertex.", "Click the vertex.", "Click the end of the other leg."],
  },
  ratio: {
    points: 4,
    name: "Cardiothoracic ratio",
    steps: [
      "Heart: click its right border, or drag to its left border.",
      "Heart: click its left border.",
      "Thorax: click the inside of the ribs on the right, or drag across.",
      "Thorax: click the inside of the ribs on the left.",
    ],
  },
};

// From one point to another: in mm with a spacing, else in pixels.
export function lengthOf([ax, ay], [bx, by], spacing = null) {
  const [row, column] = spacing ?? [1, 1];
  return Math.hypot((bx - ax) * column, (by - ay) * row);
}

// Degrees from 0 to 180 at the second of three points.
export function angleOf(a, vertex, b, spacing = null) {
  const [row, column] = spacing ?? [1, 1];
  const leg = ([x, y]) => [(x - vertex[0]) * column, (y - vertex[1]) * row];
  const [p, q] = [leg(a), leg(b)];
  const cross = p[0] * q[1] - p[1] * q[0];
  return (Math.abs(Math.atan2(cross, p[0] * q[0] + p[1] * q[1])) * 180) / Math.PI;
}

// Heart to thorax, both as horizontal widths whatever the height of the borders; null without a thorax.
export function ratioOf([heartRight, heartLeft, thoraxRight, thoraxLeft]) {
  const thorax = Math.abs(thoraxLeft[0] - thoraxRight[0]);
  return thorax ? Math.abs(heartLeft[0] - heartRight[0]) / thorax : null;
}

function widthText([ax], [bx], spacing) {
  return lengthText(lengthOf([ax, 0], [bx, 0], spacing), spacing);
}

export function lengthText(length, spacing) {
  if (!spacing) return `${Math.round(length)} px`;
  return length < 100 ? `${length.toFixed(1)} mm` : `${Math.round(length)} mm`;
}

// The lines of text beside a measurement, complete or not; none when there is nothing to say yet.
export function textsOf(measurement, spacing = null) {
  const text = textOf(measurement, spacing);
  return text ? text.split(" · ") : [];
}

// The same as one line.
export function textOf({ kind, points }, spacing = null) {
  if (kind === "length") return points.length > 1 ? lengthText(lengthOf(points[0], points[1], spacing), spacing) : "";
  if (kind === "angle") {
    return points.length > 2 ? `${angleOf(points[0], points[1], points[2], spacing).toFixed(1)}°` : "";
  }
  if (points.length < 2) return "";
  const heart = `heart ${widthText(points[0], points[1], spacing)}`;
  if (points.length < 4) return heart;
  const ratio = ratioOf(points);
  const thorax = `thorax ${widthText(points[2], points[3], spacing)}`;
  return `${ratio === null ? "no thorax" : `CTR ${ratio.toFixed(2)}`} · ${heart} · ${thorax}`;
}
