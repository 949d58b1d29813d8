import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Renditions } from "../../../static/src/viewer/renditions.js";
import { openPage } from "../page.js";

class FakeWorker {
  static made = [];
  asked = [];
  constructor(url) {
    this.url = url;
    FakeWorker.made.push(this);
  }
  postMessage(message) {
    this.asked.push(message);
  }
  terminate() {
    this.terminated = true;
  }
  // Answers the nth question.
  answer(number, content) {
    this.onmessage({ data: { id: this.asked[number].id, ...content } });
  }
}

const IMAGE = { width: 2, height: 1, pixels: new Uint8Array([0, 255]) };
let renditions;

beforeEach(() => {
  openPage();
  FakeWorker.made = [];
  globalThis.Worker = FakeWorker;
  renditions = new Renditions("/static/decode-worker.js", "/static/openjph.wasm");
});

test("no worker is started before an image is asked for", () => {
  assert.equal(FakeWorker.made.length, 0);
});

test("an image is decoded by the worker, by its whole address", async () => {
  const loading = renditions.load("/images/a/0.png");
  const [worker] = FakeWorker.made;
  assert.equal(worker.url, "/static/decode-worker.js");
  assert.equal(worker.asked[0].url, "http://radgame.test/images/a/0.png");
  worker.answer(0, IMAGE);
  const { width, height, pixels } = await loading;
  assert.deepEqual({ width, height, pixels }, IMAGE);
});

test("pictures that are made here need no worker, until they are withdrawn", async () => {
  const asked = [];
  renditions.provide("/ct", (url) => (asked.push(url), IMAGE));
  assert.ok(renditions.makes("/ct#axial-3") && !renditions.makes("/ct") && !renditions.makes("/other#axial-3"));
  assert.equal(await renditions.load("/ct#axial-3"), IMAGE);
  assert.deepEqual(asked, ["/ct#axial-3"]);
  renditions.withdraw("/ct");
  assert.ok(!renditions.makes("/ct#axial-3"));
  assert.equal(FakeWorker.made.length, 0);
});

test("an address on another host is left as it is", () => {
  renditions.load("https://media.test/a.png?signature=1").catch(() => {});
  assert.equal(FakeWorker.made[0].asked[0].url, "https://media.test/a.png?signature=1");
});

test("each address is asked for once, while it loads and afterwards", async () => {
  const loads = [renditions.load("/a.png"), renditions.load("/a.png")];
  FakeWorker.made[0].answer(0, IMAGE);
  const [first, second] = await Promise.all(loads);
  assert.equal(first, second);
  assert.equal(await renditions.load("/a.png"), first);
  assert.equal(FakeWorker.made[0].asked.length, 1);
});

test("one worker serves every image, and answers may come in any order", async () => {
  const loads = ["/a.png", "/b.png", "/c.png"].map((url) => renditions.load(url));
  const [worker] = FakeWorker.made;
  for (const number of [2, 0, 1]) worker.answer(number, { ...IMAGE, width: number + 10 });
  assert.deepEqual((await Promise.all(loads)).map(({ width }) => width), [10, 11, 12]);
  assert.equal(FakeWorker.made.length, 1);
});

test("an image that cannot be loaded rejects with a sentence and is asked for again", async () => {
  const loading = renditions.load("/a.png");
  FakeWorker.made[0].answer(0, { error: "the server answered 404" });
  await assert.rejects(loading, { message: "The image could not be loaded: the server answered 404." });
  const again = renditions.load("/a.png");
  FakeWorker.made[0].answer(1, IMAGE);
  assert.equal((await again).width, 2);
});

test("when the decoder stops, all that wait are told and the next load starts another", async () => {
  const loads = [renditions.load("/a.png"), renditions.load("/b.png")];
  FakeWorker.made[0].onerror({});
  for (const loading of loads) await assert.rejects(loading, { message: "The image decoder stopped." });
  const again = renditions.load("/a.png");
  assert.equal(FakeWorker.made.length, 2);
  FakeWorker.made[1].answer(0, IMAGE);
  assert.equal((await again).height, 1);
});

test("an answer that comes after the decoder was given up is passed over", async () => {
  const loading = renditions.load("/a.png");
  const [worker] = FakeWorker.made;
  worker.onerror({});
  await assert.rejects(loading);
  worker.answer(0, IMAGE);
});

test("a worker that cannot be started rejects with a sentence, as any failure", async () => {
  globalThis.Worker = class {
    constructor() {
      throw new Error("SecurityError");
    }
  };
  await assert.rejects(Promise.resolve(renditions.load("/a.png")), /The image/);
});

test("with local contrast an image is another one", async () => {
  const loads = [renditions.load("/a.png"), renditions.load("/a.png", { low: 0, high: 9 })];
  const [worker] = FakeWorker.made;
  assert.deepEqual(worker.asked.map(({ contrast }) => contrast), [null, { low: 0, high: 9 }]);
  worker.answer(0, IMAGE);
  worker.answer(1, { ...IMAGE, width: 7 });
  assert.deepEqual((await Promise.all(loads)).map(({ width }) => width), [2, 7]);
});

test("what was not used for longest is forgotten when there is no more room", async () => {
  renditions = new Renditions("/static/decode-worker.js", "/static/openjph.wasm", 5);
  const get = async (url) => {
    const loading = renditions.load(url);
    const [worker] = FakeWorker.made;
    if (worker.waitingFor !== worker.asked.length) worker.answer((worker.waitingFor = worker.asked.length) - 1, IMAGE);
    await loading;
    await new Promise((resolve) => setImmediate(resolve));
  };
  for (const url of ["/a.png", "/b.png", "/a.png", "/c.png", "/a.png"]) await get(url);
  const asked = () => FakeWorker.made[0].asked.map(({ url }) => url.at(-5));
  assert.deepEqual(asked(), ["a", "b", "c"]);
  await get("/b.png");
  assert.deepEqual(asked(), ["a", "b", "c", "b"]);
});

test("what is forgotten is asked for again, also where it was still loading", async () => {
  const loads = [renditions.load("/a.png"), renditions.load("/b.png"), renditions.load("/a.png", { low: 0, high: 9 })];
  const [worker] = FakeWorker.made;
  worker.answer(0, IMAGE);
  await loads[0];
  renditions.forget(["/a.png"]);
  for (const number of [1, 2]) worker.answer(number, IMAGE);
  await Promise.all(loads);
  assert.deepEqual([...renditions.kept.keys()], ["/b.png"]);
  renditions.load("/b.png");
  renditions.load("/a.png");
  assert.equal(worker.asked.length, 4);
});

test("who waits hears of a slow image, also who came later, and nothing after it is there", async () => {
  const [first, later] = [[], []];
  const loading = renditions.load("/a.jhc", null, (news) => first.push(news));
  const [worker] = FakeWorker.made;
  assert.equal(worker.asked[0].codec, "http://radgame.test/static/openjph.wasm");
  worker.answer(0, { share: 0.1 });
  worker.answer(0, { early: IMAGE });
  renditions.load("/a.jhc", null, (news) => later.push(news));
  worker.answer(0, { share: 0.5 });
  worker.answer(0, IMAGE);
  await loading;
  assert.deepEqual(first, [{ share: 0.1 }, { early: IMAGE }, { share: 0.5 }]);
  assert.deepEqual(later, [{ early: IMAGE }, { share: 0.5 }]);
  await new Promise((resolve) => setImmediate(resolve));
  renditions.load("/a.jhc", null, (news) => later.push(news));
  assert.equal(later.length, 2);
  assert.equal(renditions.listening.size + renditions.early.size, 0);
});
