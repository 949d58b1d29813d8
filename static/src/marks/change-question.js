// Of a mark beside a prior film: what has become of the finding? One click; the same again leaves it open.

export const CHANGES = ["new", "larger", "smaller", "unchanged"];

// The answer after this one, when a key asks again and again; none after the last.
export function nextChange(change) {
  return CHANGES[CHANGES.indexOf(change || null) + 1] ?? null;
}

export function changeQuestion(mark, name, { button, answered }) {
  const group = document.createElement("div");
  group.className = `position change${mark.change ? "" : " open"}`;
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", `Change of ${name} since the prior film`);
  const words = document.createElement("span");
  words.textContent = "Change?";
  group.append(words);
  for (const value of CHANGES) {
    const made = button(`change-${value}`, () => answered(mark.change === value ? null : value));
    made.textContent = value[0].toUpperCase() + value.slice(1);
    made.title = `Compared with the prior film it is ${value} (Q: next answer)`;
    made.setAttribute("aria-pressed", String(mark.change === value));
    group.append(made);
  }
  return group;
}
