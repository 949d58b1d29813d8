// A page for the modules that need one: happy-dom's document in place of the browser's.
import { Window } from "happy-dom";

// Opens a page with this body. Events and event targets stay Node's own unless made with `window`.
export function openPage(body = "", url = "http://radgame.test/play/7/") {
  const window = new Window({ url });
  window.document.body.innerHTML = body;
  Object.assign(globalThis, { window, document: window.document, location: window.location });
  return window;
}

// Sends a key to an element and returns the event, to see whether it was taken.
export function press(element, key, options = {}) {
  const event = new window.KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...options });
  element.dispatchEvent(event);
  return event;
}

// Lets every promise that can be settled be settled; no time passes.
export function turn() {
  return new Promise((resolve) => setImmediate(resolve));
}
