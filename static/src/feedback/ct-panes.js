// The CT behind a simulated film in the viewer's own panes, its cross-hair linked with the film's.
import { svgElement } from "../marks/pins.js";
import { LOGGED_OUT, exchange } from "../shell/server.js";
import { graysOf } from "./layers.js";
import { OFFSET, PLANES, PersonCt, WINDOWS } from "./person-ct.js";

const STILL = 5; // CSS pixels within which a press is no drag
const NEAR = 0.03; // of the film: how near a finding counts as pointed at
const GAP = 9; // CSS pixels around the point that the cross-hair leaves open
const ASKED_EVERY_MS = 2000;
const PATIENCE = 150; // times

export class CtPanes {
  // `role(name)` gives the panel's parts; `url` tells of the CT; `made()` hears when one was made.
  constructor({ stage, view, role, url, csrf, signal, made = () => {} }) {
    Object.assign(this, { stage, view, role, url, csrf, signal, made });
    this.panes = {};
    role("ct").hidden = false;
    role("ct-open").addEventListener("click", () => this.toggle(), { signal });
    role("ct-depth").addEventListener("input", ({ target }) => this.#along(Number(target.value)), { signal });
    for (const [name, window] of Object.entries(WINDOWS)) {
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: name });
      button.addEventListener("click", () => this.#window(...window), { signal });
      role("ct-windows").append(button);
    }
    this.#follow(view, ([x, y]) => this.fromFilm([x / view.image.width, y / view.image.height]));
  }

  // A press that is no drag tells its place: image pixels of the view.
  #follow({ element, viewer }, tell) {
    const { signal } = this;
    let from = null;
    element.addEventListener("pointerdown", ({ clientX, clientY, button }) => (from = button === 0 ? [clientX, clientY] : null), { signal });
    const up = ({ clientX, clientY }) => {
      if (!from || !this.point || Math.hypot(clientX - from[0], clientY - from[1]) > STILL) return;
      const rect = element.getBoundingClientRect();
      tell(viewer.toImage([clientX - rect.left, clientY - rect.top]));
    };
    element.addEventListener("pointerup", up, { signal });
  }

  get isOpen() {
    return Boolean(this.point);
  }

  async toggle() {
    if (this.opening) return;
    this.opening = true;
    try {
      if (this.isOpen) await this.#close();
      else await this.#open();
    } catch (error) {
      this.#say(error.message);
    } finally {
      this.opening = false;
    }
  }

  #say(sentence) {
    if (!this.signal.aborted) this.role("ct-said").textContent = sentence;
  }

  async #open() {
    this.ct ??= await this.#load();
    if (this.signal.aborted) return;
    const { stage, ct } = this;
    stage.renditions.provide(ct.url, (url) => ct.sliceAt(url));
    this.signal.addEventListener("abort", () => stage.renditions.withdraw(ct.url));
    if (stage.sliced) await stage.sliced.toggle(); // of two films the CT of one at a time
    stage.sliced = this;
    const views = await stage.add(PLANES.map((plane) => ct.imageOf(plane)), this.view);
    if (this.signal.aborted) return;
    PLANES.forEach((plane, index) => this.#equip(plane, views[index]));
    this.panes.film ??= this.#drawn(this.view);
    const { item } = this;
    const [first, last] = ct.depths;
    Object.assign(this.role("ct-depth"), { min: Math.ceil(first), max: Math.floor(last) });
    this.#shown(true);
    if (item?.box) this.goTo(item);
    else this.#set(ct.onLine([0.5, 0.5], (first + last) / 2));
  }

  #shown(on) {
    this.role("ct-open").setAttribute("aria-pressed", String(on));
    this.role("ct-tools").hidden = !on;
  }

  async #close() {
    this.point = null;
    this.panes.film.group.replaceChildren();
    this.panes = { film: this.panes.film };
    this.#shown(false);
    this.#say("");
    this.stage.sliced = null;
    await this.stage.takeAway();
  }

  // What could not be asked at all is said below, like every answer that tells of no CT.
  #exchange(method, ...more) {
    return exchange(method, this.url, ...more).catch(() => ({ status: 0, body: null }));
  }

  async #load() {
    this.#say("The CT is coming …");
    let { status, body } = await this.#exchange("GET");
    const isMade = status === 202;
    if (isMade) ({ status, body } = await this.#exchange("POST", {}, this.csrf));
    for (let left = PATIENCE; status === 202 && left > 0 && !this.signal.aborted; left -= 1) {
      this.#say("The CT behind this film is being made. That takes about half a minute.");
      await new Promise((resolve) => setTimeout(resolve, ASKED_EVERY_MS));
      ({ status, body } = await this.#exchange("GET"));
    }
    if (status === 401) throw new Error(LOGGED_OUT);
    if (status !== 200) throw new Error(body?.error ?? "The CT could not be loaded. Try again later.");
    if (isMade) this.made();
    try {
      return new PersonCt(body, await graysOf(body.url));
    } catch {
      throw new Error("The CT behind this film is missing or damaged.");
    }
  }

  #equip(plane, view) {
    this.panes[plane] = this.#drawn(view);
    this.#follow(view, (at) => this.#set(this.ct.fromSlice(plane, at, this.point)));
    view.viewer.addEventListener("frame", () => this.#scrolled(plane, view.viewer));
    view.viewer.addEventListener("windowed", () => this.#windowed(view.viewer));
  }

  // A group of the pane's drawing that is drawn anew when the picture moves.
  #drawn(view) {
    const group = svgElement("g", { class: "ct-cross" });
    view.pane.querySelector("svg.marks").append(group);
    const pane = { view, group };
    for (const name of ["moved", "frame"]) view.viewer.addEventListener(name, () => this.#draw(pane), { signal: this.signal });
    return pane;
  }

  // A slice that was gone to by wheel, key or slider takes the point with it.
  #scrolled(plane, viewer) {
    if (!this.point || viewer.frame !== (viewer.wanted ?? viewer.frame)) return;
    if (this.ct.frameOf(plane, this.point) !== viewer.frame) this.#set(this.ct.moved(plane, viewer.frame, this.point));
  }

  // To the line of a point of the film, in shares of it.
  fromFilm(share) {
    if (!this.point || share.some((part) => part < 0 || part > 1)) return;
    const spot = this.ct.spotNear(share, { reach: NEAR });
    this.#set(this.ct.onLine(share, spot ? spot.at[1] : this.point[1]));
  }

  #along(depth) {
    if (this.point) this.#set(this.ct.onLine(this.ct.onFilm(this.point), depth));
  }

  // To where a finding lies; a place without one keeps the depth.
  goTo(item) {
    this.item = item;
    if (!this.ct || this.role("ct-tools").hidden || !item?.box || item.image !== this.view.image.id) return;
    const [x0, y0, x1, y1] = item.box;
    const share = item.point ?? [(x0 + x1) / 2, (y0 + y1) / 2];
    // Of that name where the place lies: a mark of what is elsewhere stays where it was made.
    const reach = Math.max(NEAR, Math.hypot(x1 - x0, y1 - y0) / 2);
    const spot = this.ct.spotNear(share, { name: item.spot || item.name, reach }) ?? this.ct.spotNear(share, { reach: NEAR });
    const [first, last] = this.ct.depths;
    this.#set(spot ? spot.at : this.ct.onLine(share, this.point?.[1] ?? (first + last) / 2));
  }

  #set(point) {
    const { ct } = this;
    this.point = point.map((mm, axis) => Math.min(ct.corner[axis] + (ct.shape[axis] - 0.01) * ct.spacing, Math.max(ct.corner[axis], mm)));
    for (const plane of PLANES) {
      const { viewer } = this.panes[plane].view;
      const frame = ct.frameOf(plane, this.point);
      if ((viewer.wanted ?? viewer.frame) !== frame) viewer.show(frame);
    }
    for (const pane of Object.values(this.panes)) this.#draw(pane);
    this.role("ct-depth").value = this.point[1];
    this.spot = ct.spotNear(ct.onFilm(this.point), { reach: NEAR });
    this.#say(ct.inWords(this.point, this.spot));
  }

  #planeOf(pane) {
    return PLANES.find((plane) => this.panes[plane] === pane);
  }

  #draw(pane) {
    const { viewer } = pane.view;
    if (!this.point || !viewer.shown) {
      pane.group.replaceChildren();
      return;
    }
    const plane = this.#planeOf(pane);
    const place = (point) => viewer.toCanvas(plane ? this.ct.onSlice(plane, point) : this.#filmPixels(point));
    const shapes = plane ? this.#line(place) : [];
    const [x, y] = place(this.point);
    const { clientWidth, clientHeight } = pane.view.element;
    const d = `M0 ${y}H${x - GAP}M${x + GAP} ${y}H${clientWidth}M${x} 0V${y - GAP}M${x} ${y + GAP}V${clientHeight}`;
    pane.group.replaceChildren(...shapes, svgElement("path", { class: "ct-hair", d }));
  }

  #filmPixels(point) {
    const [x, y] = this.ct.onFilm(point);
    return [x * this.view.image.width, y * this.view.image.height];
  }

  // The line of the film's point through the body, and the part of it in which a finding lies.
  #line(place) {
    const share = this.ct.onFilm(this.point);
    const way = (depths) => `M${depths.map((depth) => place(this.ct.onLine(share, depth)).join(" ")).join("L")}`;
    const shapes = [svgElement("path", { class: "ct-line", d: way(this.ct.depths) })];
    const spot = this.ct.spotNear(share, { reach: NEAR });
    if (spot) shapes.push(svgElement("path", { class: "ct-finding", d: way(spot.depth) }));
    return shapes;
  }

  #window(level, width) {
    for (const plane of PLANES) this.panes[plane]?.view.viewer.setWindow(level + OFFSET, width);
  }

  // What one pane of slices is windowed to the others are.
  #windowed({ window: { center, width } }) {
    for (const plane of PLANES) {
      const viewer = this.panes[plane]?.view.viewer;
      if (!viewer?.shown || (viewer.window.center === center && viewer.window.width === width)) continue;
      viewer.setWindow(center, width);
    }
  }
}
