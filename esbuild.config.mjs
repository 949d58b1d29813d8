// Builds static/src and static/css into static/dist, with fonts and icons from their npm packages.
import { build } from "esbuild";
import { cp, mkdir, readFile, rm, writeFile, readdir } from "node:fs/promises";
import { gzipSync } from "node:zlib";

const OUT = "static/dist";
const VIEWER_LIMIT = 1.3e6; // bytes, gzipped: everything a case page loads
const PAGE_LIMIT = 60e3; // bytes: script of a page without a viewer
const CASE_PAGES = ["localize", "report", "curate", "drill"];
const ENTRIES = {
  ...Object.fromEntries(["site", "desk", "upload", ...CASE_PAGES].map((name) => [name, `static/src/${name}.js`])),
  viewer: "static/src/viewer/viewer.js", // has a name of its own so that pages can preload it
};

const ICONS = [
  "arrow-left", "arrow-right", "check", "circle-alert", "circle-dashed", "contrast", "eye-off",
  "hand", "keyboard", "log-out", "maximize", "move", "pencil", "redo-2", "refresh-cw", "search",
  "square-dashed", "trash-2", "undo-2", "x", "zoom-in", "zoom-out", "sun", "square-plus",
  "search-x", "replace", "crosshair", "shapes", "scan", "ruler", "triangle-right", "heart",
  "columns-2", "link", "unlink", "layers", "flag", "lightbulb", "chevron-up", "chevron-down",
  "circle-help", "tag", "copy", "sparkles", "blend", "scan-search", "arrow-left-right", "heart-pulse",
  "eraser", "ellipsis", "settings-2", "panel-right",
];

async function buildIcons() {
  const symbols = await Promise.all(
    ICONS.map(async (name) => {
      const svg = await readFile(`node_modules/lucide-static/icons/${name}.svg`, "utf8").catch(() => null);
      if (svg === null) throw new Error(`lucide-static has no icon ${name}`);
      const inner = svg.replace(/<!--[\s\S]*?-->/g, "").replace(/<svg[^>]*>|<\/svg>/g, "").trim();
      return `<symbol id="${name}" viewBox="0 0 24 24">${inner}</symbol>`;
    }),
  );
  await writeFile(`${OUT}/icons.svg`, `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`);
}

async function buildScripts() {
  const result = await build({
    entryPoints: ENTRIES,
    outdir: OUT,
    bundle: true,
    splitting: true,
    format: "esm",
    minify: true,
    target: "es2022",
    metafile: true,
    chunkNames: "chunk-[hash]",
    alias: { xmlbuilder2: "./static/src/viewer/no-xml.js" },
    define: { "process.env.NODE_ENV": '"production"' },
    logLevel: "error",
  });
  await build({
    entryPoints: { "decode-worker": "static/src/viewer/decode-worker.js", theme: "static/src/theme.js" },
    outdir: OUT,
    bundle: true,
    format: "iife",
    external: ["fs", "path"], // asked for by the codec where it runs in Node
    minify: true,
    target: "es2022",
    logLevel: "error",
  });
  await build({
    entryPoints: { site: "static/css/site.css" },
    outdir: OUT,
    bundle: true,
    minify: true,
    external: ["*.woff2", "*.svg"],
    logLevel: "error",
  });
  return result.metafile;
}

function loadedBy(outputs, name, seen = new Set()) {
  if (seen.has(name)) return seen;
  seen.add(name);
  for (const { path, kind } of outputs[name].imports) {
    if (["import-statement", "dynamic-import"].includes(kind) && outputs[path]) loadedBy(outputs, path, seen);
  }
  return seen;
}

async function sizeOf(outputs, entry) {
  let raw = 0;
  let gzipped = 0;
  for (const name of loadedBy(outputs, `${OUT}/${entry}.js`)) {
    const bytes = await readFile(name);
    raw += bytes.length;
    gzipped += gzipSync(bytes, { level: 6 }).length;
  }
  return { raw, gzipped };
}

await rm(OUT, { recursive: true, force: true });
await mkdir(`${OUT}/fonts`, { recursive: true });
const metafile = await buildScripts();
await buildIcons();
for (const file of await readdir("node_modules/@fontsource-variable/inter/files")) {
  if (/^inter-latin(-ext)?-wght-normal\.woff2$/.test(file)) {
    await cp(`node_modules/@fontsource-variable/inter/files/${file}`, `${OUT}/fonts/${file}`);
  }
}
await cp("node_modules/@cornerstonejs/codec-openjph/dist/openjphjs.wasm", `${OUT}/openjph.wasm`);
await cp("static/icon.svg", `${OUT}/icon.svg`);
const sizes = {};
for (const name of ["site", "desk", "upload", ...CASE_PAGES]) sizes[name] = await sizeOf(metafile.outputs, name);
for (const name of ["site", "desk"]) {
  if (sizes[name].raw > PAGE_LIMIT) throw new Error(`${name}.js is ${sizes[name].raw} bytes; at most ${PAGE_LIMIT}`);
}
for (const name of CASE_PAGES) {
  const { gzipped } = sizes[name];
  if (gzipped > VIEWER_LIMIT) throw new Error(`${name}.js is ${gzipped} bytes gzipped; at most ${VIEWER_LIMIT}`);
}
await writeFile(`${OUT}/manifest.json`, JSON.stringify({ sizes }, null, 2));
