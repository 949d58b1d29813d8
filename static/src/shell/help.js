// The help sheet: the keys and buttons as they are now, and only of what this page can do.
import { BUTTONS, ROLES, WHEELS } from "./bindings.js";
import { openDialog } from "./dialogs.js";
import { KEYS } from "./keys.js";

const SEVERAL = ["nextImage", "layout", "swap", "link"];
const SLICES = ["frameUp", "frameDown", "frameFirst", "frameLast", "frameStep"];

export class Help {
  constructor(dialog, stage) {
    Object.assign(this, { dialog, stage });
  }

  open() {
    const { images, bindings } = this.stage;
    const draws = Boolean(this.stage.drawing());
    this.dialog.querySelector("[data-role=keys]").replaceChildren(...this.#keys().map(([key, text]) => row(key, text)));
    this.dialog.querySelector("[data-role=mouse]").replaceChildren(
      ...mouseRows(bindings.mouse, { draws, stacks: images.some(isStack) }).map(([key, text]) => row(key, text)),
    );
    openDialog(this.dialog);
  }

  // [key, what it does] of what the page knows and these images allow.
  #keys() {
    const { images, bindings } = this.stage;
    const known = this.stage.actions();
    const can = ({ action, instead }) =>
      known[action] &&
      !(instead === "label" && known.label) &&
      !(SEVERAL.includes(action) && images.length < 2) &&
      !(SLICES.includes(action) && !images.some(isStack));
    return KEYS.filter(can).map(({ action, help }) => [bindings.shown(action), help]);
  }
}

const isStack = ({ frames }) => frames > 1;

// [button, what it does] for mouse and fingers.
export function mouseRows(mouse, { draws, stacks }) {
  const drawing = draws ? "draws: drag, or click two corners" : ROLES.pan;
  const buttons = Object.entries(BUTTONS).map(([button, name]) => {
    const role = mouse[button];
    return [name, role === "draw" ? drawing : ROLES[role]];
  });
  const wheel = stacks ? WHEELS[mouse.stackWheel] : "zooms at the cursor";
  return [...buttons, ["Wheel", wheel], ["One finger, pen", draws ? "draws: drag" : ROLES.pan], ["Two fingers", "zoom and pan"]];
}

function row(key, text) {
  const made = document.createElement("div");
  const term = document.createElement("dt");
  const shown = document.createElement("kbd");
  shown.textContent = key;
  term.append(shown);
  const words = document.createElement("dd");
  words.textContent = text;
  made.append(term, words);
  return made;
}
