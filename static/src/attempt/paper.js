// A case page on paper: the image keeps its size in pixels, so that what is drawn on it stays in place, and is made
// smaller as a whole; what is folded is opened.

const WIDEST = 680; // CSS pixels that fit on a page

export function prepareForPaper(stage, panel) {
  const { clientWidth: width, clientHeight: height, style } = stage;
  style.setProperty("--seen-width", `${width}px`);
  style.setProperty("--seen-height", `${height}px`);
  style.setProperty("--seen-zoom", String(Math.min(1, WIDEST / width)));
  for (const details of panel.querySelectorAll("details.finding:not([open])")) {
    details.dataset.folded = "true";
    details.open = true;
  }
}

export function backFromPaper(panel) {
  for (const details of panel.querySelectorAll("[data-folded]")) {
    details.open = false;
    delete details.dataset.folded;
  }
}
