// Of a marked device: does it lie where it should? Two buttons; the same one again leaves it open.

const ANSWERS = [
  ["right", "Right", "Y"],
  ["wrong", "Wrong", "E"],
];

export function positionQuestion(mark, name, { button, answered }) {
  const group = document.createElement("div");
  group.className = `position${mark.position ? "" : " open"}`;
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", `Position of ${name}`);
  const words = document.createElement("span");
  words.textContent = "Position?";
  group.append(words);
  for (const [value, word, key] of ANSWERS) {
    const made = button(`position-${value}`, () => answered(mark.position === value ? null : value));
    made.textContent = word;
    made.title = `The device ${value === "right" ? "lies where it should" : "does not lie where it should"} (${key})`;
    made.setAttribute("aria-pressed", String(mark.position === value));
    group.append(made);
  }
  return group;
}
