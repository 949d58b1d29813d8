import assert from "node:assert/strict";
import { test } from "node:test";

import { ofInput } from "../../../static/src/desk/chosen.js";
import { Stopped, Transfer } from "../../../static/src/desk/transfer.js";

const page = { begin: "/cases/uploads/", csrf: "token", piece: 4 };
const fileOf = (text, name) => ({ name, file: Object.assign(new Blob([text]), { lastModified: 7 }) });
const json = (status, body) => new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });

// A server that keeps pieces; `trouble(request)` may answer first, or throw as a cut connection does.
function serve(names, trouble = () => null, before = {}) {
  const kept = new Map(names.map((_, index) => [index + 1, before[index + 1] ?? ""]));
  const sizes = new Set();
  globalThis.fetch = async (url, { method, headers, body }) => {
    const odd = trouble({ url, method, offset: headers["Upload-Offset"] });
    if (odd) return odd;
    if (url === page.begin) {
      const files = names.map((_, index) => ({ number: index + 1, received: kept.get(index + 1).length }));
      return json(201, { id: "u", file: "/cases/uploads/u/files/0", finish: "/cases/uploads/u/finish", files });
    }
    if (url.endsWith("/finish")) return json(202, { page: "/cases/uploads/u/" });
    const number = Number(url.split("/").pop());
    if (Number(headers["Upload-Offset"]) !== kept.get(number).length) return json(409, { received: kept.get(number).length });
    const piece = new TextDecoder().decode(body);
    sizes.add(piece.length);
    kept.set(number, kept.get(number) + piece);
    return json(200, { received: kept.get(number).length });
  };
  return { kept, sizes };
}

const sent = (files, options = { wait: async () => {} }) => new Transfer(files, page, options);

test("files arrive whole, in pieces, and the page that tells of them is opened", async () => {
  const { kept, sizes } = serve(["a", "b"]);
  const transfer = sent([fileOf("0123456789", "a"), fileOf("xy", "b")]);
  assert.equal(await transfer.run("Films", ""), "/cases/uploads/u/");
  assert.deepEqual([...kept.values()], ["0123456789", "xy"]);
  assert.deepEqual([...sizes].sort(), [2, 4]);
  assert.equal(transfer.sent, transfer.whole);
});

test("it goes on where it was", async () => {
  const { kept } = serve(["a"], () => null, { 1: "01234" });
  await sent([fileOf("0123456789", "a")]).run("Films", "");
  assert.equal(kept.get(1), "0123456789");
});

test("a cut connection is waited for, and a piece whose answer was lost is not sent twice", async () => {
  let cuts = 3;
  const { kept } = serve(["a"], ({ method }) => {
    if (method === "PUT" && cuts-- > 0) throw new TypeError("network");
    return null;
  });
  const waits = [];
  await sent([fileOf("0123456789", "a")], { wait: async (ms) => waits.push(ms) }).run("Films", "");
  assert.equal(kept.get(1), "0123456789");
  assert.deepEqual(waits, [1000, 2000, 4000]);
});

test("what the server refuses ends it with the server's sentence", async () => {
  serve(["a"], ({ method }) => (method === "PUT" ? json(507, { error: "The server's disk is full." }) : null));
  await assert.rejects(sent([fileOf("0123456789", "a")]).run("Films", ""), (problem) => problem instanceof Stopped && /disk is full/.test(problem.message));
});

test("a file that cannot be read any more is named", async () => {
  serve(["a"]);
  const gone = { name: "in/gone.dcm", file: { size: 5, lastModified: 1, slice: () => ({ arrayBuffer: () => Promise.reject(new Error()) }) } };
  await assert.rejects(sent([gone]).run("Films", ""), /in\/gone\.dcm cannot be read any more/);
});

test("the same choice is the same list, without what systems put beside it", () => {
  const files = ["b/two.dcm", "b/.DS_Store", "__MACOSX/x", "a/one.dcm"].map((path) => ({ webkitRelativePath: path, name: path.split("/").pop() }));
  assert.deepEqual(ofInput(files).map(({ name }) => name), ["a/one.dcm", "b/two.dcm"]);
});
