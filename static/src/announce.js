// What an action did to the answer, in words: for who cannot see the boxes.

const boxes = (count) => `${count} ${count === 1 ? "box" : "boxes"}`;

// What "no abnormality" put away; empty where there was nothing.
export function putAway(before, after) {
  if (!after.normal || before.normal) return "";
  const away = [];
  if (before.marks.length) away.push(boxes(before.marks.length));
  if (before.ticked.length) away.push(`${before.ticked.length} ticked`);
  return away.length ? `No abnormality: ${away.join(" and ")} put away. Undo (Ctrl Z) brings them back.` : "";
}

// The one difference between two states of an answer, as a sentence; empty for a mere move.
export function changeInWords(before, after, nameOf) {
  const away = putAway(before, after);
  if (away) return away;
  if (before.normal !== after.normal) return after.normal ? "No abnormality." : "No abnormality is off.";
  return markChange(before.marks, after.marks, nameOf) || tickChange(before.ticked, after.ticked, nameOf);
}

function markChange(before, after, nameOf) {
  const old = new Map(before.map((mark) => [mark.id, mark]));
  const added = after.filter(({ id }) => !old.has(id));
  const total = `${boxes(after.length)} now.`;
  if (added.length === 1) {
    const { label } = added[0];
    return label ? `${nameOf(label)}: box drawn, ${total}` : `Box drawn, choose its label. ${total}`;
  }
  if (after.length < before.length) return `Box deleted, ${total}`;
  for (const mark of after) {
    const was = old.get(mark.id);
    if (was && was.label !== mark.label) return mark.label ? `The box is ${nameOf(mark.label)}.` : "The box has no label.";
    if (was && was.confidence !== mark.confidence) {
      return mark.confidence ? `Confidence ${mark.confidence} of 5.` : "No confidence given.";
    }
  }
  return "";
}

function tickChange(before, after, nameOf) {
  const on = after.find((slug) => !before.includes(slug));
  const off = before.find((slug) => !after.includes(slug));
  if (on) return `${nameOf(on)} ticked.`;
  return off ? `${nameOf(off)} not ticked.` : "";
}
