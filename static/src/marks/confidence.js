// Five dots that say how sure the learner is, of a mark or that nothing is abnormal.

// What 1 to 5 mean.
const CONFIDENCES = ["A guess", "Unsure", "Possible", "Probable", "Certain"];

// A group of buttons; `level` is 1 to 5 or null, `choose(level)` is called with the one pressed.
export function confidenceGroup(level, choose, of = "") {
  const group = document.createElement("div");
  group.className = "confidence";
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", of ? `Confidence: ${of}` : "Confidence");
  group.append(span("", "How sure?"));
  for (let one = 1; one <= 5; one += 1) group.append(dot(one, level ?? 0, choose));
  group.append(span("said-confidence", level ? CONFIDENCES[level - 1] : "guess – certain"));
  return group;
}

function dot(one, level, choose) {
  const made = document.createElement("button");
  made.type = "button";
  made.dataset.does = `confidence-${one}`;
  made.addEventListener("click", () => choose(one));
  made.textContent = one <= level ? "●" : "○";
  made.title = `${CONFIDENCES[one - 1]} (Shift ${one})`;
  made.setAttribute("aria-label", `Confidence ${one} of 5: ${CONFIDENCES[one - 1].toLowerCase()}`);
  made.setAttribute("aria-pressed", String(level === one));
  return made;
}

function span(name, words) {
  const made = document.createElement("span");
  made.className = name;
  made.textContent = words;
  return made;
}
