// One table of keys: what the help sheet shows and what the page does. A key may stand twice:
// the first meaning that the page knows, and that has something to do, counts.

export const KEYS = [
  { keys: ["i"], action: "invert", help: "Invert" },
  { keys: ["w"], action: "preset", help: "Next window preset" },
  { keys: ["c"], action: "contrast", help: "Local contrast" },
  { keys: ["m"], action: "magnify", help: "Magnifier (hold, or press shortly to keep it)" },
  { keys: [" "], action: "reset", help: "Reset zoom, window and contrast", shown: "Space" },
  { keys: ["="], action: "fit", help: "Fit to the window" },
  { keys: ["+"], action: "zoomIn", help: "Zoom in" },
  { keys: ["-"], action: "zoomOut", help: "Zoom out" },
  { keys: ["0"], action: "oneToOne", help: "One image pixel on one screen pixel" },
  { keys: ["d"], action: "length", help: "Measure a length" },
  { keys: ["a"], action: "angle", help: "Measure an angle" },
  { keys: ["t"], action: "ratio", help: "Cardiothoracic ratio" },
  { keys: ["x"], action: "clearMeasures", help: "Delete all measurements" },
  { keys: ["h"], action: "hide", help: "Hide or show everything drawn on the image" },
  { keys: ["v"], action: "nextImage", help: "Next view" },
  { keys: ["o"], action: "layout", help: "One, two or four views at once" },
  { keys: ["s"], action: "swap", help: "Swap this view and the next" },
  { keys: ["l"], action: "link", help: "Zoom all views together, or each by itself" },
  { keys: ["PageUp"], action: "frameUp", help: "Previous slice", shown: "Page up" },
  { keys: ["PageDown"], action: "frameDown", help: "Next slice", shown: "Page down" },
  { keys: ["Home"], action: "frameFirst", help: "First slice" },
  { keys: ["End"], action: "frameLast", help: "Last slice" },
  { keys: ["p"], action: "panel", help: "Show or put away the panel" },
  { keys: ["/"], action: "search", help: "Find a label" },
  { keys: ["1", "2", "3", "4", "5", "6", "7", "8", "9"], action: "label", help: "Choose a label", shown: "1 – 9" },
  { keys: ["1", "2", "3", "4", "5"], action: "presetNumber", help: "Window presets", shown: "1 – 5", instead: "label" },
  { keys: ["n"], action: "normal", help: "No abnormality; after the score: next case" },
  { keys: ["r"], action: "relabel", help: "Change the selected box's label" },
  { keys: ["y"], action: "positionRight", help: "The selected device lies where it should" },
  { keys: ["e"], action: "positionWrong", help: "The selected device does not lie where it should" },
  { keys: ["q"], action: "change", help: "What has become of the selected finding since the prior film: next answer" },
  { keys: ["Shift digit"], action: "confidence", help: "How sure you are of the selected box, or of no abnormality", shown: "Shift 1 – 5" },
  { keys: ["Backspace", "Delete"], action: "remove", help: "Delete the selected box or measurement", shown: "Backspace" },
  { keys: ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"], action: "nudge", help: "Move the selected box (Alt: resize, Shift: further); after the score: step through findings", shown: "Arrows" },
  { keys: ["ArrowUp", "ArrowDown"], action: "frameStep", help: "Previous and next slice, when no box is selected", shown: "↑ ↓", instead: "nudge" },
  { keys: ["f"], action: "blink", help: "After the score, of a simulated film: blink, while held" },
  { keys: ["j"], action: "peel", help: "After the score, of a simulated film: take the next thing off it" },
  { keys: ["u"], action: "outlines", help: "After the score, of a simulated film: outlines of the next group" },
  { keys: ["b"], action: "slices", help: "After the score, of a simulated film: the CT behind it, or away with it" },
  { keys: ["g"], action: "hint", help: "Ask for a hint" },
  { keys: ["k"], action: "crosshair", help: "Crosshair, moved with the arrows: Enter sets a corner or a tip; after the score, of a simulated film: what lies there is named" },
  { keys: ["z"], ctrl: true, action: "undo", help: "Undo", shown: "Ctrl Z" },
  { keys: ["y", "Shift z"], ctrl: true, action: "redo", help: "Redo", shown: "Ctrl Y" },
  { keys: ["Enter"], action: "submit", help: "Submit" },
  { keys: ["Escape"], action: "cancel", help: "Cancel", shown: "Esc" },
  { keys: [","], action: "settings", help: "Choose keys and mouse buttons" },
  { keys: ["?"], action: "help", help: "This sheet" },
];
for (const entry of KEYS) if (entry.ctrl) entry.keys = entry.keys.map((key) => `Ctrl ${key}`);

const FIXED = ["label", "presetNumber", "confidence", "nudge", "frameStep", "submit", "cancel", "remove", "reset", "undo", "redo", "help"];

const REPEATABLE = ["nudge", "frameStep", "frameUp", "frameDown", "zoomIn", "zoomOut", "undo", "redo", "magnify"];

// Whether a key that is held may do it again and again; the magnifier itself knows that it is held.
export function mayRepeat(action) {
  return REPEATABLE.includes(action);
}

// Keys with several meanings, or that other programs give the same meaning, stay as they are.
export function isFixed({ action }) {
  return FIXED.includes(action);
}

// A key press in the words of the table: "i", "PageUp", "Ctrl z", "Ctrl Shift z".
export function keyName({ key, code = "", ctrlKey, metaKey, shiftKey }) {
  const ctrl = ctrlKey || metaKey;
  if (shiftKey && !ctrl && /^Digit[1-5]$/.test(code) && !/\d/.test(key)) return "Shift digit";
  const letter = /^[A-Z]$/.test(key); // by Shift or by Caps Lock
  const name = letter ? `${ctrl && shiftKey ? "Shift " : ""}${key.toLowerCase()}` : key;
  return ctrl ? `Ctrl ${name}` : name;
}

// The first meaning of a key press in the table itself; null when it has none.
export function actionOf(event) {
  const name = keyName(event);
  return KEYS.find(({ keys }) => keys.includes(name))?.action ?? null;
}

// A key as it is printed.
export function labelOf(key) {
  if (key === " ") return "Space";
  return key.length === 1 ? key.toUpperCase() : key;
}

// Typing in a field is not a command; a focused button keeps Enter and Space for itself.
export function isTyping(event) {
  const target = event.target;
  if (!target?.closest) return false;
  if (target.closest("input[type=range]")) return /^Arrow|^Page|^Home$|^End$/.test(event.key);
  if (target.closest("textarea, select, input:not([type=checkbox])")) return true;
  return ["Enter", " "].includes(event.key) && Boolean(target.closest("button, a, input, summary"));
}
