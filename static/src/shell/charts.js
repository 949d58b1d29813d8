// Charts are SVG of the server: here only their download, as SVG, PNG, and as the table beside them in CSV.

const SCALE = 3; // pixels of the PNG for each unit of the drawing
const DRAWN = ["fill", "stroke", "stroke-width", "stroke-dasharray", "font-family", "font-size", "text-anchor"];

/** The chart as a document of its own: what the page's style sheet says is written into it. */
export function asSvg(svg, ground) {
  const copy = svg.cloneNode(true);
  const { width, height } = svg.viewBox.baseVal;
  copy.setAttribute("width", width);
  copy.setAttribute("height", height);
  const own = svg.querySelectorAll("*");
  copy.querySelectorAll("*").forEach((part, at) => {
    const style = getComputedStyle(own[at]);
    for (const name of DRAWN) part.setAttribute(name, style.getPropertyValue(name));
  });
  const sheet = document.createElementNS(svg.namespaceURI, "rect");
  for (const [name, value] of Object.entries({ width, height, fill: ground })) sheet.setAttribute(name, value);
  copy.prepend(sheet);
  return new XMLSerializer().serializeToString(copy);
}

/** A table as CSV; what a spreadsheet would take for a formula is made text. */
export function asCsv(table) {
  const cell = (text) => {
    const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
  };
  return Array.from(table.rows, (row) => Array.from(row.cells, (one) => cell(one.textContent.trim())).join(",")).join("\r\n");
}

async function asPng(text, { width, height }) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: width * SCALE, height: height * SCALE });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}

async function content(figure, kind) {
  if (kind === "csv") return new Blob([asCsv(figure.querySelector("table"))], { type: "text/csv" });
  const svg = figure.querySelector("svg");
  const text = asSvg(svg, getComputedStyle(document.body).backgroundColor);
  return kind === "svg" ? new Blob([text], { type: "image/svg+xml" }) : asPng(text, svg.viewBox.baseVal);
}

async function download(figure, kind) {
  const address = URL.createObjectURL(await content(figure, kind));
  Object.assign(document.createElement("a"), { href: address, download: `${figure.dataset.chart}.${kind}` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** Show the buttons under each chart of the page, and hear them, also of charts that come later. */
export function chartDownloads() {
  const show = () => document.querySelectorAll(".chart-tools[hidden]").forEach((tools) => (tools.hidden = false));
  show();
  document.addEventListener("htmx:afterSettle", show);
  document.addEventListener("click", (event) => {
    const button = event.target.closest(".chart-tools [data-as]");
    if (button) download(button.closest("figure"), button.dataset.as);
  });
}
