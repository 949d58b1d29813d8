import assert from "node:assert/strict";
import { test } from "node:test";

import { asCsv } from "../../../static/src/shell/charts.js";

const table = (...rows) => ({
  rows: rows.map((cells) => ({ cells: cells.map((text) => ({ textContent: text })) })),
});

test("a table becomes CSV with its head", () => {
  assert.equal(asCsv(table(["Week of", " Search "], ["5 Oct", "0.25"])), "Week of,Search\r\n5 Oct,0.25");
});

test("commas and quotes are quoted", () => {
  assert.equal(asCsv(table(['a "b", c'])), '"a ""b"", c"');
});

test("what a spreadsheet would run is made text", () => {
  assert.equal(asCsv(table(["=1+1", "-2", "@x", "plain"])), "'=1+1,'-2,'@x,plain");
});
