// From one case to the next without loading the page anew: the decoder, the viewer and its graphics stay warm.
// A page that is no case page like this one, and whatever goes wrong, is left to the browser.
import { read, say } from "../shell/page.js";
import { patiently } from "../shell/server.js";
import { Renditions } from "../viewer/renditions.js";

const ASKING = { "X-Case-Page": "1" }; // any other page keeps its messages for when the browser loads it
const PATIENCE_MS = 300;
const UNREACHABLE = Symbol("no connection");

// Opens the page that is loaded, and from then on every one that its links marked data-onward lead to.
export function play(Page) {
  const { worker, codec } = document.getElementById("stage").dataset;
  const renditions = new Renditions(worker, codec);
  let page = null;
  let here = null;
  let going = false;

  const show = (asked) => {
    here = location.pathname;
    page = new Page(read("case-data"), { renditions, asked, goOn });
    page.start();
    globalThis.radgame = { page, ...page.stage.forTests() };
  };

  // Resolves to whether it led anywhere: not without a connection.
  async function goOn(url) {
    if (going) return true;
    going = true;
    const asked = performance.now();
    const waiting = setTimeout(() => say("Opening the next case …", { passing: true }), PATIENCE_MS);
    const next = await caseAt(url).catch(() => UNREACHABLE);
    clearTimeout(waiting);
    going = false;
    if (next === UNREACHABLE) say("No connection. Try again in a moment.");
    else if (next) turnTo(next, asked);
    else location.assign(url);
    return next !== UNREACHABLE;
  }

  function turnTo(next, asked) {
    page.close();
    takeOver(next);
    show(asked);
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-onward]");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    goOn(link.href);
  });
  // Back and forward: a page that was left is loaded again. A jump within a page is none.
  window.addEventListener("popstate", () => {
    if (![here, page.data.urls.self].includes(location.pathname)) location.reload();
  });
  show(0);
}

// The case page at an address as {document, url}; null for any other page, or one made of other scripts.
// Rejects without a connection.
async function caseAt(url) {
  const response = await patiently(url, { credentials: "same-origin", headers: ASKING });
  if (!response.ok) return null;
  const found = new DOMParser().parseFromString(await response.text(), "text/html");
  const isLike = found.getElementById("case-data") && assetsOf(found) === assetsOf(document);
  return isLike ? { document: found, url: response.url } : null;
}

function assetsOf(page) {
  const assets = page.querySelectorAll("head script[src], head link[rel=stylesheet]");
  return [...assets].map((asset) => asset.getAttribute("src") ?? asset.getAttribute("href")).join();
}

function takeOver({ document: next, url }) {
  document.title = next.title;
  for (const { name, value } of next.body.attributes) document.body.setAttribute(name, value);
  document.body.replaceChildren(...next.body.childNodes);
  history.pushState(null, "", url);
  globalThis.htmx?.process(document.body);
  window.scrollTo?.(0, 0);
  document.querySelector("h1")?.focus({ preventScroll: true }); // so that it is read out
}
