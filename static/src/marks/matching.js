// Type-ahead: which labels fit what was typed, by name, slug or another word for them.

const wordsFor = ({ synonyms = "" }) => synonyms.split("|").filter(Boolean);

// The synonym that a label was found by, or "" where its own name holds what was typed.
export function foundBy(label, text) {
  const typed = text.trim().toLowerCase();
  const own = `${label.name} ${label.slug} ${label.short ?? ""}`.toLowerCase();
  if (!typed || typed.split(/\s+/).every((word) => own.includes(word))) return "";
  const others = wordsFor(label);
  const starts = others.find((word) => word.toLowerCase().startsWith(typed));
  return starts ?? others.find((word) => word.toLowerCase().includes(typed)) ?? "";
}

// Labels that hold every word typed: a synonym typed whole first, then names and then
// synonyms that begin with the text, then the others in their own order.
export function matching(labels, text) {
  const typed = text.trim().toLowerCase();
  const words = typed.split(/\s+/).filter(Boolean);
  if (!words.length) return [...labels];
  const rank = (label) => {
    const others = wordsFor(label).map((word) => word.toLowerCase());
    if (others.includes(typed)) return 0;
    if (label.name.toLowerCase().startsWith(typed)) return 1;
    return others.some((word) => word.startsWith(typed)) ? 2 : 3;
  };
  const fits = labels.filter((label) => {
    const hay = `${label.name} ${label.slug} ${label.short ?? ""} ${label.synonyms ?? ""}`.toLowerCase();
    return words.every((word) => hay.includes(word));
  });
  return fits.sort((a, b) => rank(a) - rank(b));
}
