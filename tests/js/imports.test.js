// Imports between the rooms of static/src point one way, and no two files import each other in a circle.
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const SRC = fileURLToPath(new URL("../../static/src", import.meta.url));
// Each room may import those before it; the entries, which lie beside the rooms, all of them.
const ROOMS = ["shell", "marks", "viewer", "attempt", "feedback", "report", "drill", "desk"];

async function filesOf(folder) {
  const names = await readdir(folder, { recursive: true });
  return names.filter((name) => name.endsWith(".js")).sort();
}

// Each file of a folder with the files that it imports, also when it is run: {"viewer/stage.js": ["viewer/pane.js", …]}.
async function importsOf(folder, files) {
  const { metafile } = await build({
    absWorkingDir: folder,
    entryPoints: files,
    outdir: "unwritten",
    bundle: true,
    format: "esm",
    metafile: true,
    packages: "external",
    write: false,
    logLevel: "silent",
  });
  const ours = ({ external }) => !external;
  return Object.fromEntries(
    Object.entries(metafile.inputs).map(([file, { imports }]) => [file, imports.filter(ours).map((made) => made.path)]),
  );
}

function placeOf(file) {
  const room = path.dirname(file);
  return room === "." ? ROOMS.length : ROOMS.indexOf(room);
}

function againstTheOrder(imports) {
  return Object.entries(imports).flatMap(([file, others]) =>
    others.filter((other) => placeOf(other) > placeOf(file)).map((other) => `${file} imports ${other}`),
  );
}

// The first circle found, as the files along it; null when there is none.
function circleIn(imports) {
  const cleared = new Set();
  const follow = (file, way) => {
    if (way.includes(file)) return [...way.slice(way.indexOf(file)), file];
    if (cleared.has(file)) return null;
    for (const other of imports[file] ?? []) {
      const circle = follow(other, [...way, file]);
      if (circle) return circle;
    }
    cleared.add(file);
    return null;
  };
  for (const file of Object.keys(imports)) {
    const circle = follow(file, []);
    if (circle) return circle;
  }
  return null;
}

const files = await filesOf(SRC);
const imports = await importsOf(SRC, files);

test("every script is read, in a room that has a place in the order or beside them as an entry", () => {
  assert.deepEqual(Object.keys(imports).sort(), files);
  assert.ok(imports["viewer/stage.js"].includes("viewer/viewer.js"), "what is imported while running counts too");
  assert.deepEqual(files.filter((file) => placeOf(file) < 0), []);
  assert.deepEqual(files.filter((file) => placeOf(file) === ROOMS.length), ["curate.js", "desk.js", "drill.js", "localize.js", "report.js", "site.js", "theme.js", "upload.js"]);
});

test("no import goes against the order of the rooms", () => {
  assert.deepEqual(againstTheOrder(imports), []);
  assert.deepEqual(againstTheOrder({ "shell/page.js": ["viewer/stage.js"], "viewer/pane.js": ["localize.js"] }), [
    "shell/page.js imports viewer/stage.js",
    "viewer/pane.js imports localize.js",
  ]);
});

test("no two files import each other in a circle", () => {
  assert.equal(circleIn(imports), null);
  assert.deepEqual(circleIn({ a: ["b"], b: ["c", "d"], d: ["b"] }), ["b", "d", "b"]);
});
