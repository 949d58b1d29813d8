// Exchanges with the server: JSON there and back, and waiting for a score.

const SETTLED = ["scored", "failed", "draft"];

export const LOGGED_OUT = "Your session has ended: log in again in another tab, then go on here.";

// Resolves to {status, body}; status 401 means that the session has ended. Logging in changes the CSRF token:
// the cookie has the current one.
export async function exchange(method, url, body, csrf) {
  const token = csrf && (cookie("csrftoken") ?? csrf);
  const response = await fetch(url, {
    method,
    credentials: "same-origin",
    headers: { "Content-Type": "application/json", Accept: "application/json", ...(token && { "X-CSRFToken": token }) },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
  // Led to the log-in page, or refused for a CSRF token of a session that is gone.
  if (response.redirected || (response.status === 403 && !isJson)) return { status: 401, body: null };
  return { status: response.status, body: isJson ? await response.json() : null };
}

function cookie(name) {
  const found = globalThis.document?.cookie?.split("; ").find((pair) => pair.startsWith(`${name}=`));
  return found?.slice(name.length + 1);
}

// Resolves to "scored", "failed" or, before a second look, "draft": told by the WebSocket, or found by polling, whichever is first.
export function settled(socketUrl, statusUrl, { pollEvery = 1000, Socket = WebSocket } = {}) {
  return new Promise((resolve) => {
    let done = false;
    let timer;
    let socket;
    const finish = (state) => {
      if (done || !SETTLED.includes(state)) return;
      done = true;
      clearTimeout(timer);
      socket?.close();
      resolve(state);
    };
    const poll = async () => {
      try {
        const { status, body } = await exchange("GET", statusUrl);
        finish(status === 401 ? "failed" : body?.state); // the page is loaded again, and asks to log in
      } catch {
        // Offline: the next poll tries again.
      }
      if (!done) timer = setTimeout(poll, pollEvery);
    };
    try {
      socket = new Socket(new URL(socketUrl, location.href.replace(/^http/, "ws")));
      socket.onmessage = (event) => finish(JSON.parse(event.data).state);
    } catch {
      socket = null;
    }
    timer = setTimeout(poll, pollEvery);
  });
}
