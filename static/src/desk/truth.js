// A case's truth while a curator works on it: the game's own answer, whose marks belong to findings.
import { Answer } from "../marks/answer.js";
import { uuid } from "../shell/uuid.js";

const FIELDS = ["side", "significance", "position", "size_mm", "location", "severity", "sentence"];
const TICK = "tick-";
const blank = (significance = "") => ({ id: "", side: "", significance, position: "", size_mm: null, location: "", severity: "", sentence: "" });

export class Truth extends Answer {
  // `findings` are those of the page's JSON; `isDrawn(slug)` says which labels have places.
  constructor(findings, isDrawn) {
    super();
    this.isDrawn = isDrawn;
    this.joining = null; // the finding that the next place belongs to
    this.taking = null; // what is drawn is given to this function in place of being a place
    this.load(findings);
  }

  // What is stored: marks, ticks, what is said of each finding, and places of other readers.
  load(findings) {
    this.said = new Map();
    this.unplaced = [];
    this.others = [];
    const marks = [];
    const ticked = [];
    for (const finding of findings) {
      // The first of a whole-image label without a place is its tick; others keep what they are.
      const isTick = !this.isDrawn(finding.label) && !finding.regions.length && !ticked.includes(finding.label);
      const key = isTick ? TICK + finding.label : finding.id;
      this.said.set(key, Object.fromEntries(["id", ...FIELDS].map((name) => [name, finding[name]])));
      for (const place of finding.regions) marks.push(markOf(place, finding.label, key));
      for (const place of finding.others ?? []) this.others.push({ ...place, label: finding.label });
      if (isTick) ticked.push(finding.label);
      else if (!finding.regions.length) this.unplaced.push({ key, label: finding.label });
    }
    this.replace({ marks, ticked });
    this.past = [];
    this.future = [];
  }

  add(mark) {
    if (this.taking) return this.taking(mark);
    const joined = this.joining && this.joining.label === mark.label ? this.joining.key : uuid();
    return super.add({ ...mark, finding: joined });
  }

  // A label that is changed is that of the whole finding.
  relabel(id, label, isPoint = false) {
    const { finding } = this.mark(id);
    const places = this.state.marks.filter((mark) => mark.finding === finding);
    for (const place of places) super.relabel(place.id, label, isPoint);
    this.unplaced = this.unplaced.filter(({ key }) => key !== finding);
  }

  // In the order they were made: {key, label, places, said}; those without a place and the ticked ones last.
  get findings() {
    const found = new Map();
    for (const mark of this.marks) {
      if (!found.has(mark.finding)) found.set(mark.finding, { key: mark.finding, label: mark.label, places: [] });
      found.get(mark.finding).places.push(mark);
    }
    for (const { key, label } of this.unplaced) if (!found.has(key)) found.set(key, { key, label, places: [] });
    for (const label of this.ticked) found.set(TICK + label, { key: TICK + label, label, places: [] });
    return [...found.values()].map((one) => ({ ...one, said: this.saidOf(one.key) }));
  }

  saidOf(key) {
    return this.said.get(key) ?? blank();
  }

  say(key, name, value) {
    this.said.set(key, { ...this.saidOf(key), [name]: value });
    this.dispatchEvent(new Event("said"));
  }

  // A finding with all of its places.
  drop(key) {
    this.unplaced = this.unplaced.filter((one) => one.key !== key);
    if (key.startsWith(TICK)) return this.tick(key.slice(TICK.length), false);
    const ids = this.state.marks.filter((mark) => mark.finding === key).map(({ id }) => id);
    for (const id of ids) this.remove(id);
    if (!ids.length) this.dispatchEvent(new Event("changed"));
  }

  // As the server takes it.
  toJson() {
    return this.findings.map(({ key, label, places, said }) => ({
      label,
      ...said,
      id: said.id || "",
      regions: places.map(placeOf),
    }));
  }
}

function markOf({ id, image, frame, shape, points, box }, label, finding) {
  const shared = { id: uuid(), label, image, frame, finding, region: id, confidence: null };
  if (shape === "point") return { ...shared, point: points.at(-1), path: points.length > 1 ? points : undefined };
  if (shape === "polygon") return { ...shared, box, outline: points };
  return { ...shared, box };
}

function placeOf({ image, frame, region = "", box, point, path, outline }) {
  const shared = { id: region, image, frame };
  if (point) return { ...shared, shape: "point", points: path ? [...path.slice(0, -1), point] : [point] };
  if (outline) return { ...shared, shape: "polygon", points: outline, box };
  return { ...shared, shape: "box", points: [], box };
}
