// Exchanges with the server: JSON there and back, and waiting for a score.

const OUTLIVES = 20_000; // characters of a body that is sent even when the page is closed; browsers hold 64 KiB
const BUSY = [429, 503];
const ASKED_AGAIN = 5;
const LONGEST_WAIT = 10; // seconds
const SETTLED = ["scored", "failed", "draft"];

export const LOGGED_OUT = "Your session has ended: log in again in another tab, then go on here.";

// Fetches, and asks again where the server says when to (Retry-After): up to five times, each later by chance, so that
// all who were sent away do not come back together.
export async function patiently(url, options) {
  for (let left = ASKED_AGAIN; ; left -= 1) {
    const response = await fetch(url, options);
    const wait = BUSY.includes(response.status) ? Number(response.headers.get("Retry-After")) : 0;
    if (!(wait > 0) || left === 0) return response;
    const seconds = Math.min(wait, LONGEST_WAIT) * (1 + Math.random());
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  }
}

// Resolves to {status, body}; status 401 means that the session has ended. Logging in changes the CSRF token:
// the cookie has the current one.
export async function exchange(method, url, body, csrf) {
  const token = csrf && tokenNow(csrf);
  const sent = body === undefined ? undefined : JSON.stringify(body);
  const response = await patiently(url, {
    method,
    credentials: "same-origin",
    headers: { "Content-Type": "application/json", Accept: "application/json", ...(token && { "X-CSRFToken": token }) },
    body: sent,
    keepalive: sent !== undefined && sent.length <= OUTLIVES,
  });
  const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
  // Led to the log-in page, or refused for a CSRF token of a session that is gone.
  if (response.redirected || (response.status === 403 && !isJson)) return { status: 401, body: null };
  return { status: response.status, body: isJson ? await response.json() : null };
}

// The CSRF token that holds now: that of the cookie, or the one that the page came with.
export const tokenNow = (csrf) => cookie("csrftoken") ?? csrf;

function cookie(name) {
  const found = globalThis.document?.cookie?.split("; ").find((pair) => pair.startsWith(`${name}=`));
  return found?.slice(name.length + 1);
}

const FIRST_POLL = 250; // milliseconds, where no socket is open

// A WebSocket that tells how an attempt stands. One that is opened `early`, while the answer is on its way, so that nobody
// waits for it afterwards, tells first how the attempt stood before: "draft" is no news then.
export class Listening {
  constructor(socketUrl, { early = false, Socket = WebSocket } = {}) {
    this.told = null;
    this.heard = () => {};
    try {
      this.socket = new Socket(new URL(socketUrl, location.href.replace(/^http/, "ws")));
    } catch {
      return; // the state is found by polling
    }
    let first = early;
    this.socket.onmessage = (event) => {
      const { state } = JSON.parse(event.data);
      const news = state && !(first && state === "draft");
      first = false;
      if (!news) return;
      this.told = state;
      this.heard(state);
    };
  }

  get isOpen() {
    return this.socket?.readyState === 1;
  }

  close() {
    this.heard = () => {};
    this.socket?.close();
  }
}

// Resolves to "scored", "failed" or, before a second look, "draft": told by the WebSocket, or found by polling, whichever is first.
export function settled(listening, statusUrl, { pollEvery = 1000 } = {}) {
  return new Promise((resolve) => {
    let done = false;
    let timer;
    let wait = FIRST_POLL;
    const later = () => {
      timer = setTimeout(poll, listening.isOpen ? pollEvery : Math.min(wait, pollEvery));
      wait *= 2;
    };
    const finish = (state) => {
      if (done || !SETTLED.includes(state)) return;
      done = true;
      clearTimeout(timer);
      listening.close();
      resolve(state);
    };
    const poll = async () => {
      try {
        const { status, body } = await exchange("GET", statusUrl);
        finish(status === 401 ? "failed" : body?.state); // the page is loaded again, and asks to log in
      } catch {
        // Offline: the next poll tries again.
      }
      if (!done) later();
    };
    later();
    listening.heard = finish;
    finish(listening.told);
  });
}
