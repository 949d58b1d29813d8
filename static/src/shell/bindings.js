// Which key and which button does what: the table of keys.js, changed by what the learner chose.
import { KEYS, isFixed, keyName, labelOf } from "./keys.js";

const STORED = "viewer-bindings";
export const ROLES = {
  draw: "draws (pans where nothing is drawn)",
  window: "window and level",
  pan: "pans",
  zoom: "zooms",
  scroll: "scrolls slices",
};
export const BUTTONS = { left: "Left button", right: "Right button", middle: "Middle button", shift: "Shift and left button" };
export const WHEELS = { scroll: "scrolls slices (Ctrl zooms)", zoom: "zooms (Ctrl scrolls slices)" };
export const MOUSE = { left: "draw", right: "window", middle: "pan", shift: "pan", stackWheel: "scroll" };

export class Bindings {
  // `storage` as localStorage, or null where none may be used.
  constructor(storage = stored()) {
    this.storage = storage;
    const { keys, mouse } = this.#read();
    this.changed = Object.fromEntries(Object.entries(keys).filter(([action, key]) => canBe(action, key)));
    this.mouse = { ...MOUSE, ...Object.fromEntries(Object.entries(mouse).filter(mouseCanBe)) };
    if (!draws(this.mouse)) this.mouse = { ...MOUSE };
  }

  #read() {
    try {
      const { keys, mouse } = JSON.parse(this.storage.getItem(STORED));
      return { keys: Object(keys), mouse: Object(mouse) };
    } catch {
      return { keys: {}, mouse: {} };
    }
  }

  #keep() {
    try {
      this.storage?.setItem(STORED, JSON.stringify({ keys: this.changed, mouse: this.mouse }));
    } catch {
      // Full or forbidden: the choice holds for this page.
    }
  }

  keysOf(entry) {
    const chosen = this.changed[entry.action];
    return chosen && !isFixed(entry) ? [chosen] : entry.keys;
  }

  // All that a key press may mean, in the order of the table.
  actionsOf(event) {
    const name = keyName(event);
    return KEYS.filter((entry) => this.keysOf(entry).includes(name)).map(({ action }) => action);
  }

  // The key of an action as it is printed; empty when it has none.
  shown(action) {
    const entry = KEYS.find((one) => one.action === action);
    if (!entry) return "";
    return this.changed[action] && !isFixed(entry) ? labelOf(this.changed[action]) : labelOf(entry.shown ?? entry.keys[0]);
  }

  // Gives an action another key. Returns a sentence when that cannot be.
  setKey(action, key) {
    const entry = KEYS.find((one) => one.action === action);
    if (!canBe(action, key)) return `${labelOf(key)} cannot be used as a key of its own.`;
    const other = KEYS.find((one) => one !== entry && this.keysOf(one).includes(key));
    if (other) return `${labelOf(key)} is taken: ${other.help}.`;
    this.changed[action] = key;
    this.#keep();
    return "";
  }

  // Gives a button another role. Returns a sentence when that cannot be.
  setMouse(button, role) {
    const mouse = { ...this.mouse, [button]: role };
    if (!draws(mouse)) return "One button has to draw.";
    this.mouse = mouse;
    this.#keep();
    return "";
  }

  reset() {
    this.changed = {};
    this.mouse = { ...MOUSE };
    this.#keep();
  }
}

const draws = (mouse) => Object.keys(BUTTONS).some((button) => mouse[button] === "draw");

function mouseCanBe([button, role]) {
  if (button === "stackWheel") return Object.hasOwn(WHEELS, role);
  return Object.hasOwn(BUTTONS, button) && Object.hasOwn(ROLES, role);
}

function canBe(action, key) {
  const entry = KEYS.find((one) => one.action === action);
  if (!entry || isFixed(entry) || typeof key !== "string") return false;
  return key.length === 1 || /^F\d+$|^Page(Up|Down)$|^(Home|End|Insert)$/.test(key);
}

function stored() {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null;
  }
}
