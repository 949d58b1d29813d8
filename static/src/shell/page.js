// What a page has in its document: data, the status line, fragments made by the server.
import { patiently } from "./server.js";

export const read = (id) => JSON.parse(document.getElementById(id).textContent);

// Says a sentence in the page's status line, where it has one. What is `passing` takes no room: on the page
// of a case the image would else be drawn anew, smaller, for a moment.
export function say(sentence, { passing = false } = {}) {
  const line = document.getElementById("status-line");
  if (!line) return;
  line.toggleAttribute("data-passing", passing);
  line.textContent = sentence;
}

// A piece of a page made by the server; null when it cannot be had.
export async function fragmentOf(url) {
  try {
    const response = await patiently(url, { credentials: "same-origin" });
    return response.ok && !response.redirected ? await response.text() : null;
  } catch {
    return null;
  }
}
