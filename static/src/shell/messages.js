// Says in the page's status line what htmx could not do.
import { say } from "./page.js";

export function connectionSentence(detail) {
  const status = detail?.xhr?.status ?? 0;
  if (status === 0) return "No connection to the server. Try again in a moment.";
  if (status === 403) return "You are not allowed to do this, or your session has ended: reload the page.";
  if (status === 404) return "This is not there any more.";
  if (status === 429 || status === 503) return "The server is busy. Try again in a moment.";
  return `The server could not do this (status ${status}).`;
}

if (typeof document !== "undefined") {
  for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(name, (event) => say(connectionSentence(event.detail)));
  }
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful) say("");
  });
}
