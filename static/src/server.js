// Exchanges with the server: JSON there and back, and waiting for a score.

const SETTLED = ["scored", "failed", "draft"];

export async function exchange(method, url, body, csrf) {
  const response = await fetch(url, {
    method,
    credentials: "same-origin",
    headers: { "Content-Type": "application/json", Accept: "application/json", ...(csrf && { "X-CSRFToken": csrf }) },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
  return { status: response.status, body: isJson ? await response.json() : null };
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
        const { body } = await exchange("GET", statusUrl);
        finish(body?.state);
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
