import assert from "node:assert/strict";
import { test } from "node:test";

import { expanded, withSections, wordsIn } from "../../../static/src/report/text.js";

const MACROS = [
  { name: "normal", text: "The lungs are clear." },
  { name: "ptx", text: "No pneumothorax." },
];

test("words are counted as a reader would", () => {
  assert.equal(wordsIn(""), 0);
  assert.equal(wordsIn("No pleural effusion."), 3);
  assert.equal(wordsIn("A well-defined 12 mm nodule; it's new."), 7);
  assert.equal(wordsIn("Corazón de tamaño normal"), 4);
});

test("a macro is written out when a blank follows its name", () => {
  assert.deepEqual(expanded(".normal ", 8, MACROS), { text: "The lungs are clear. ", caret: 21 });
});

test("what stands before and behind a macro stays", () => {
  const text = "Lungs: .ptx\nHeart: normal.";
  assert.deepEqual(expanded(text, 12, MACROS), {
    text: "Lungs: No pneumothorax.\nHeart: normal.",
    caret: 24,
  });
});

test("a dot inside a word or before an unknown name is no macro", () => {
  assert.equal(expanded("clear.ptx ", 10, MACROS), null);
  assert.equal(expanded(".nothing ", 9, MACROS), null);
  assert.equal(expanded(".ptx", 4, MACROS), null);
});

test("sections go into an empty field, or below what is written", () => {
  assert.equal(withSections("  ", "FINDINGS:\n"), "FINDINGS:\n");
  assert.equal(withSections("Clear.\n", "FINDINGS:\n"), "Clear.\n\nFINDINGS:\n");
});
