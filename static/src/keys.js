// One table of keys: what the help sheet shows and what the page does.

export const KEYS = [
  { keys: ["i"], action: "invert", help: "Invert" },
  { keys: [" "], action: "reset", help: "Reset zoom and window", shown: "Space" },
  { keys: ["="], action: "fit", help: "Fit to the window" },
  { keys: ["+"], action: "zoomIn", help: "Zoom in" },
  { keys: ["-"], action: "zoomOut", help: "Zoom out" },
  { keys: ["0"], action: "oneToOne", help: "One image pixel on one screen pixel" },
  { keys: ["h"], action: "hide", help: "Hide or show all boxes" },
  { keys: ["v"], action: "nextImage", help: "Next view" },
  { keys: ["PageUp"], action: "frameUp", help: "Previous slice" },
  { keys: ["PageDown"], action: "frameDown", help: "Next slice" },
  { keys: ["/"], action: "search", help: "Find a label" },
  { keys: ["1", "2", "3", "4", "5", "6", "7", "8", "9"], action: "label", help: "Choose a label", shown: "1 – 9" },
  { keys: ["n"], action: "normal", help: "No abnormality; after the score: next case" },
  { keys: ["r"], action: "relabel", help: "Change the selected box's label" },
  { keys: ["Shift digit"], action: "confidence", help: "How sure you are of the selected box", shown: "Shift 1 – 5" },
  { keys: ["Backspace", "Delete"], action: "remove", help: "Delete the selected box", shown: "Backspace" },
  { keys: ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"], action: "nudge", help: "Move the selected box (Alt: resize, Shift: further); after the score: step through findings", shown: "Arrows" },
  { keys: ["k"], action: "crosshair", help: "Draw by keyboard: move with the arrows, Enter sets a corner" },
  { keys: ["z"], ctrl: true, action: "undo", help: "Undo", shown: "Ctrl Z" },
  { keys: ["y", "Shift z"], ctrl: true, action: "redo", help: "Redo", shown: "Ctrl Y" },
  { keys: ["Enter"], action: "submit", help: "Submit", shown: "Enter" },
  { keys: ["Escape"], action: "cancel", help: "Cancel", shown: "Esc" },
  { keys: ["?"], action: "help", help: "This sheet" },
];

export function actionOf(event) {
  const ctrl = event.ctrlKey || event.metaKey;
  if (event.shiftKey && !ctrl && /^Digit[1-5]$/.test(event.code ?? "") && !/\d/.test(event.key)) return "confidence";
  const letter = /^[A-Z]$/.test(event.key); // by Shift or by Caps Lock
  const key = letter ? `${ctrl && event.shiftKey ? "Shift " : ""}${event.key.toLowerCase()}` : event.key;
  const entry = KEYS.find(({ keys, ctrl: needs = false }) => needs === ctrl && keys.includes(key));
  return entry?.action ?? null;
}

// Typing in a field is not a command; a focused button keeps Enter and Space for itself.
export function isTyping(event) {
  const target = event.target;
  if (!target?.closest) return false;
  if (target.closest("dialog[open]")) return true;
  if (target.closest("textarea, select, input:not([type=checkbox])")) return true;
  return ["Enter", " "].includes(event.key) && Boolean(target.closest("button, a, input, summary"));
}
