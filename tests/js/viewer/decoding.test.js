// Films on their way: in pieces, over lines that break, coarse first, damaged, and without a codec.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { beforeEach, test } from "node:test";
import { deflateSync } from "node:zlib";

import { fetchBytes } from "../../../static/src/viewer/bytes.js";
import { Decoding } from "../../../static/src/viewer/decoding.js";
import { enlarged, halvingsIn, isWhole, readHead, startCodec } from "../../../static/src/viewer/htj2k.js";

const [WIDTH, HEIGHT] = [96, 80]; // its value at (x, y) is 20 x + 13 y; written by cases/imaging/htj2k.py
const FILM = new Uint8Array(readFileSync(new URL("ramp.jhc", import.meta.url)));
const WASM = readFileSync(createRequire(import.meta.url).resolve("@cornerstonejs/codec-openjph/wasm"));

let asked;

// Answers each request with the next of these: bytes in pieces, "cut" after them, or a status.
function serve(...answers) {
  asked = [];
  globalThis.fetch = async (url, { headers = {} } = {}) => {
    asked.push({ url: String(url), range: headers.Range });
    const { status = 200, pieces = [], total, cut = false, part = {} } = answers.shift() ?? { status: 404 };
    const length = total ?? pieces.reduce((sum, piece) => sum + piece.length, 0);
    const left = [...pieces];
    const read = async () => {
      if (left.length) return { done: false, value: left.shift() };
      if (cut) throw new TypeError("network error");
      return { done: true };
    };
    return {
      ok: status < 300,
      status,
      headers: new Headers({ "Content-Length": String(length), ETag: '"1"', ...part }),
      body: { getReader: () => ({ read }), cancel: async () => {} },
      arrayBuffer: async () => WASM.buffer.slice(WASM.byteOffset, WASM.byteOffset + WASM.byteLength),
    };
  };
}

function png() {
  const chunk = (kind, body) => {
    const head = Buffer.alloc(8);
    head.writeUInt32BE(body.length);
    head.write(kind, 4, "latin1");
    return Buffer.concat([head, body, Buffer.alloc(4)]);
  };
  const header = Buffer.from([0, 0, 0, 2, 0, 0, 0, 1, 8, 0, 0, 0, 0]);
  const parts = [chunk("IHDR", header), chunk("IDAT", deflateSync(Buffer.from([0, 7, 9])))];
  return new Uint8Array(Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), ...parts]));
}

function expected(x, y) {
  return 20 * x + 13 * y;
}

async function codec() {
  serve({});
  return startCodec("/openjph.wasm");
}

function damaged() {
  const bytes = FILM.slice();
  bytes[bytes.length >> 1] ^= 1;
  return bytes;
}

beforeEach(() => serve());

test("every value comes back from a codestream", async () => {
  const { width, height, pixels } = (await codec())(FILM);
  assert.deepEqual([width, height], [WIDTH, HEIGHT]);
  assert.ok(pixels instanceof Uint16Array);
  assert.ok(pixels.every((value, i) => value === expected(i % WIDTH, Math.floor(i / WIDTH))));
});

test("a beginning is a coarse picture that lies where the whole one does", async () => {
  const head = readHead(FILM);
  const decode = await codec();
  for (const halvings of [1, 2, 3]) {
    const end = head.ends.at(-1 - halvings);
    assert.equal(halvingsIn(end, head), halvings);
    const coarse = decode(FILM.subarray(0, end), halvings);
    const { width, height, pixels } = enlarged(coarse, halvings, head);
    assert.deepEqual([width, height, coarse.width], [WIDTH, HEIGHT, Math.ceil(WIDTH / 2 ** halvings)]);
    for (const [x, y] of [[32, 24], [47, 40], [64, 33]]) {
      assert.ok(Math.abs(pixels[y * WIDTH + x] - expected(x, y)) < 12 * halvings, `${halvings} ${x} ${y}`);
    }
  }
});

test("what is too coarse to be of use is not shown", () => {
  const head = readHead(FILM);
  assert.equal(halvingsIn(head.ends[1] - 1, head), null);
  assert.equal(halvingsIn(10, head), null);
  assert.equal(halvingsIn(FILM.length, head), 0);
});

test("a head that is not all there says nothing, and one of another format is refused", () => {
  for (const length of [0, 1, 20, 90]) assert.equal(readHead(FILM.subarray(0, length)), null);
  assert.throws(() => readHead(png()), /no HTJ2K/);
});

test("a changed bit anywhere is found", () => {
  const head = readHead(FILM);
  assert.ok(isWhole(FILM, head));
  assert.ok(!isWhole(damaged(), head));
  assert.ok(!isWhole(FILM.subarray(0, -1), head));
});

test("a film that is slow to come is told of, coarse and then finer, and at last is exact", async () => {
  const pieces = [];
  for (let at = 0; at < FILM.length; at += 40) pieces.push(FILM.subarray(at, at + 40));
  const decode = await codec();
  serve({ pieces });
  let time = 0;
  const decoding = new Decoding(async () => decode, () => (time += 300));
  decoding.decode = decode;
  const told = [];
  const { pixels } = await decoding.load("/0.jhc", "/c.wasm", (news) => told.push(news));
  const early = told.filter((news) => news.early).map((news) => news.early);
  assert.ok(early.length >= 2);
  assert.ok(early.every(({ width, height }) => width === WIDTH && height === HEIGHT));
  const shares = told.filter((news) => news.share).map((news) => news.share);
  assert.ok(shares.every((share, i) => share < 1 && share > (shares[i - 1] ?? 0)));
  assert.equal(pixels[5 * WIDTH + 7], expected(7, 5));
});

test("a film that comes at once is told of only when it is whole", async () => {
  const decode = await codec();
  serve({ pieces: [FILM.subarray(0, 200), FILM.subarray(200)] });
  const told = [];
  await new Decoding(async () => decode, () => 0).load("/0.jhc", "/c.wasm", (news) => told.push(news));
  assert.deepEqual(told, []);
});

test("without a codec the film is asked for as PNG, and so is every one after it", async () => {
  serve({ pieces: [FILM] }, { pieces: [png()] }, { pieces: [png()] });
  const decoding = new Decoding(() => Promise.reject(new Error("no memory")));
  for (const name of ["a", "b"]) {
    const { pixels } = await decoding.load(`/${name}.jhc`, "/c.wasm");
    assert.deepEqual([...pixels], [7, 9]);
  }
  assert.deepEqual(asked.map(({ url }) => url).at(-1), "/b.png");
  assert.ok(!asked.some(({ url }) => url === "/b.jhc"));
});

test("without WebAssembly nothing but the PNG is asked for", async () => {
  const kept = globalThis.WebAssembly;
  delete globalThis.WebAssembly;
  try {
    serve({ pieces: [png()] });
    await new Decoding(() => Promise.reject(new Error("none"))).load("/a.jhc", "/c.wasm");
  } finally {
    globalThis.WebAssembly = kept;
  }
  assert.deepEqual(asked.map(({ url }) => url), ["/a.png"]);
});

test("a damaged film is asked for as PNG, and told of in words where that is none either", async () => {
  const decode = await codec();
  serve({ pieces: [damaged()] }, { pieces: [png()] });
  const { pixels } = await new Decoding(async () => decode).load("/a.jhc", "/c.wasm");
  assert.deepEqual([...pixels], [7, 9]);
  serve({ pieces: [damaged()] }, { status: 404 });
  await assert.rejects(new Decoding(async () => decode).load("/a.jhc", "/c.wasm"), { message: "the image is damaged" });
});

test("a connection that is cut is taken up where it was", async () => {
  serve({ pieces: [FILM.subarray(0, 100)], total: FILM.length, cut: true }, { status: 206, pieces: [FILM.subarray(100)] });
  const seen = [];
  const bytes = await fetchBytes("/0.jhc", (some, total) => seen.push([some.length, total]), 0);
  assert.deepEqual(bytes, FILM);
  assert.deepEqual(asked.map(({ range }) => range), [undefined, "bytes=100-"]);
  assert.deepEqual(seen, [[100, FILM.length], [FILM.length, FILM.length]]);
});

test("a server that answers a part by the whole is believed", async () => {
  serve({ pieces: [FILM.subarray(0, 100)], total: FILM.length, cut: true }, { pieces: [FILM] });
  assert.deepEqual(await fetchBytes("/0.jhc", undefined, 0), FILM);
});

test("a server that sends another part than it was asked for is asked for the whole", async () => {
  const beginning = { pieces: [FILM.subarray(0, 100)], total: FILM.length, cut: true };
  const other = { status: 206, pieces: [FILM], part: { "Content-Range": `bytes 0-${FILM.length - 1}/${FILM.length}` } };
  serve(beginning, other, { pieces: [FILM] });
  assert.deepEqual(await fetchBytes("/0.jhc", undefined, 0), FILM);
  assert.deepEqual(asked.map(({ range }) => range), [undefined, "bytes=100-", undefined]);
  serve(...Array.from({ length: 9 }, (_, number) => (number === 1 ? other : beginning)));
  await assert.rejects(fetchBytes("/0.jhc", undefined, 0), { message: "the connection was cut" });
  assert.ok(asked.length < 9, "a line that is cut at one place each time is given up");
});

test("a line that gives nothing any more is given up, and a refusal at once", async () => {
  serve(...Array.from({ length: 9 }, () => ({ cut: true })));
  await assert.rejects(fetchBytes("/0.jhc", undefined, 0), { message: "the connection was cut" });
  assert.equal(asked.length, 5);
  serve({ status: 404 }, { pieces: [FILM] });
  await assert.rejects(fetchBytes("/0.jhc", undefined, 0), { message: "the server answered 404" });
  assert.equal(asked.length, 1);
});
