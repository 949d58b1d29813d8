// What an action did to the answer, in words: for who cannot see the boxes.

const SIDES = { left: "left", right: "right", both: "both sides" };
const counted = (count, one, many) => `${count} ${count === 1 ? one : many}`;

// Boxes, as long as there are no points among them.
function numberOf(marks) {
  return marks.some(({ point }) => point) ? counted(marks.length, "mark", "marks") : counted(marks.length, "box", "boxes");
}

// What "no abnormality" put away; empty where there was nothing.
export function putAway(before, after) {
  if (!after.normal || before.normal) return "";
  const away = [];
  if (before.marks.length) away.push(numberOf(before.marks));
  if (before.ticked.length) away.push(`${before.ticked.length} ticked`);
  return away.length ? `No abnormality: ${away.join(" and ")} put away. Undo (Ctrl Z) brings them back.` : "";
}

// The one difference between two states of an answer, as a sentence; empty for a mere move.
export function changeInWords(before, after, nameOf) {
  const away = putAway(before, after);
  if (away) return away;
  if (before.normal !== after.normal) return after.normal ? "No abnormality." : "No abnormality is off.";
  if (before.sure !== after.sure) return sureness(after.sure);
  return markChange(before.marks, after.marks, nameOf) || tickChange(before, after, nameOf);
}

const sureness = (level) => (level ? `Confidence ${level} of 5.` : "No confidence given.");

function markChange(before, after, nameOf) {
  const old = new Map(before.map((mark) => [mark.id, mark]));
  const added = after.filter(({ id }) => !old.has(id));
  const total = `${numberOf(after)} now.`;
  if (added.length === 1) {
    const { label, point } = added[0];
    if (point) return `${nameOf(label)}: tip marked, ${total} Is its position right or wrong? Press Y or E.`;
    return label ? `${nameOf(label)}: box drawn, ${total}` : `Box drawn, choose its label. ${total}`;
  }
  if (after.length < before.length) {
    const gone = before.find(({ id }) => !after.some((mark) => mark.id === id));
    return `${gone.point ? "Mark" : "Box"} deleted, ${total}`;
  }
  for (const mark of after) {
    const was = old.get(mark.id);
    if (was && was.label !== mark.label) return mark.label ? `The box is ${nameOf(mark.label)}.` : "The box has no label.";
    if (was && (was.position ?? "") !== (mark.position ?? "")) {
      return mark.position ? `Position called ${mark.position}.` : "Position left open.";
    }
    if (was && (was.change ?? "") !== (mark.change ?? "")) {
      return mark.change ? `Called ${mark.change} since the prior film.` : "Change left open.";
    }
    if (was && was.confidence !== mark.confidence) {
      return sureness(mark.confidence);
    }
  }
  return "";
}

function tickChange(before, after, nameOf) {
  const on = after.ticked.find((slug) => !before.ticked.includes(slug));
  const off = before.ticked.find((slug) => !after.ticked.includes(slug));
  if (on) return `${nameOf(on)} ticked.`;
  if (off) return `${nameOf(off)} not ticked.`;
  const turned = after.ticked.find((slug) => before.sides[slug] !== after.sides[slug]);
  return turned ? `${nameOf(turned)}: ${SIDES[after.sides[turned]] ?? "no side said"}.` : "";
}
