// The clock of an attempt with a limit: shown, told at a few moments, and at zero it submits.

const MOMENTS = [300, 60, 30, 10]; // seconds left at which the time is told to whoever listens

export function inWords(seconds) {
  if (seconds >= 60 && seconds % 60 === 0) return `${seconds / 60} minute${seconds === 60 ? "" : "s"} left.`;
  return `${seconds} seconds left.`;
}

export function asClock(seconds) {
  const whole = Math.max(0, Math.ceil(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

export class Timer {
  // `left` are the seconds left by the server's clock; `ended()` is called at zero, and again
  // every `again` ms while it resolves to false (offline).
  constructor(element, left, { tell, ended, again = 3000, now = () => performance.now() }) {
    Object.assign(this, { element, tell, ended, again, now });
    this.endsAt = now() + left * 1000;
    this.untold = MOMENTS.filter((moment) => moment < left);
    this.ticking = setInterval(() => this.tick(), 250);
    this.tick();
  }

  get left() {
    return (this.endsAt - this.now()) / 1000;
  }

  stop() {
    clearInterval(this.ticking);
    clearTimeout(this.retrying);
    this.stopped = true;
  }

  tick() {
    if (this.over) return;
    const { left } = this;
    this.element.querySelector("[data-role=time]").textContent = asClock(left);
    this.element.classList.toggle("short", left <= 10);
    if (left <= this.untold[0]) this.tell(inWords(this.#passed(left)));
    if (left <= 0) {
      this.over = true;
      clearInterval(this.ticking);
      this.tell("Time is up.");
      this.#end();
    }
  }

  // The moments reached by now are told once, the last one only: a sleeping page wakes up late.
  #passed(left) {
    const passed = this.untold.filter((moment) => left <= moment);
    this.untold = this.untold.filter((moment) => left > moment);
    return passed.at(-1);
  }

  async #end() {
    if (this.stopped || (await this.ended()) !== false || this.stopped) return;
    this.retrying = setTimeout(() => this.#end(), this.again);
  }
}
