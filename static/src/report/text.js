// The report's text: macros, section headings, words. Plain functions on text and caret.

export function wordsIn(text) {
  return text.match(/[\p{L}\p{N}]+(?:[-'’][\p{L}\p{N}]+)*/gu)?.length ?? 0;
}

// What a macro makes of the text: `.name` before the caret, just followed by a blank, becomes its
// text. Returns {text, caret}, or null where no macro ends at the caret.
export function expanded(text, caret, macros) {
  const before = text.slice(0, caret);
  const typed = /(^|\s)\.(\S+)\s$/u.exec(before);
  const macro = typed && macros.find(({ name }) => name === typed[2]);
  if (!macro) return null;
  const start = before.length - typed[0].length + typed[1].length;
  const made = before.slice(0, start) + macro.text + before.at(-1);
  return { text: made + text.slice(caret), caret: made.length };
}

// The text with section headings: into an empty field as they are, else below what is there.
export function withSections(text, sections) {
  return text.trim() ? `${text.trimEnd()}\n\n${sections}` : sections;
}
