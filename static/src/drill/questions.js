// What each drill asks, and how far its answer is; nothing of the page.
import { Answer } from "../marks/answer.js";

const PAUSE_MS = 500;
const MARK = "own";

class Question {
  isGlance = false;
  isPointed = false;
  pause = 0;

  constructor(draft) {
    this.replace(draft);
  }

  replace(draft) {
    this.answer = { ...draft };
    for (const name of ["version", "point"]) delete this.answer[name];
  }

  // Resolves to whether that was all there is to say.
  choose() {
    return false;
  }

  isChosen(choice) {
    return Object.values(this.answer).includes(choice);
  }

  pointed() {}

  // What is still to be said, as a sentence; empty for nothing.
  missing() {
    return "";
  }
}

// Normal or not: first what was seen at a glance, then freely.
class Calls extends Question {
  isGlance = true;
  pause = PAUSE_MS;

  get mayLook() {
    return !this.answer.looked;
  }

  get phase() {
    if (!this.answer.looked) return "coming";
    return this.answer.glance ? "free" : "glance";
  }

  looked() {
    this.answer.looked = true;
  }

  choose(choice) {
    if (this.phase === "coming") return false;
    const isLast = this.phase === "free";
    this.answer[isLast ? "free" : "glance"] = choice;
    return isLast;
  }

  missing() {
    return this.answer.glance && this.answer.free ? "" : "Say whether the film is normal.";
  }
}

class Tip extends Question {
  isPointed = true;

  choose(choice) {
    this.answer.position = choice;
    return false;
  }

  missing(point) {
    if (!point) return "Mark the tip on the film.";
    return this.answer.position ? "" : "Say whether it lies right or wrong.";
  }
}

class Pair extends Question {
  choose(choice) {
    this.answer.film = choice;
    return true;
  }
}

class Nodule extends Question {
  isPointed = true;

  choose() {
    this.answer.none = true;
    return true;
  }

  pointed() {
    delete this.answer.none;
  }

  missing(point) {
    return point || this.answer.none ? "" : "Tap on the nodule, or say that there is none.";
  }
}

class Change extends Question {
  choose(choice) {
    this.answer.change = choice;
    return true;
  }
}

// Same film, other machine: whether the patient has changed, and what of the technique has.
class Machine extends Question {
  choose(choice) {
    this.answer[choice === "changed" || choice === "same" ? "patient" : "technique"] = choice;
    return false;
  }

  missing() {
    if (!this.answer.patient) return "Say whether the patient has changed.";
    return this.answer.technique ? "" : "Say what of the technique is otherwise.";
  }
}

const KINDS = { normal: Calls, tip: Tip, pair: Pair, nodule: Nodule, change: Change, machine: Machine };

export const question = ({ drill, draft }) => new KINDS[drill](draft);

// An answer of one point: a new one takes the place of the one before.
export class OnePoint extends Answer {
  constructor({ draft, images, drill }) {
    super();
    this.image = images[0].id;
    this.drill = drill;
    this.replaceBy(draft);
  }

  get place() {
    const { point } = this.marks.at(-1) ?? {};
    return point ? { point } : {};
  }

  replaceBy({ point }) {
    this.replace({ marks: point ? [{ id: MARK, label: this.drill, image: this.image, frame: 0, confidence: null, point }] : [] });
  }

  add(mark) {
    this.state = { ...this.state, marks: [] };
    return super.add(mark);
  }

  clear() {
    this.state = { ...this.state, marks: [] };
    this.dispatchEvent(new Event("selected"));
  }
}
