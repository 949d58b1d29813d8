// Files in pieces: what has come can be looked at, and a connection that is cut is taken up where it was.
import { patiently } from "../shell/server.js";

const TRIES = 5; // in a row without a byte
const PAUSE_MS = 500;

// Resolves to the file's bytes. `look(bytes, total)` sees what is there whenever more has come; `total` is 0
// where the server does not say. Rejects with a phrase.
export async function fetchBytes(url, look = () => {}, pause = PAUSE_MS) {
  const file = { bytes: new Uint8Array(0), length: 0, total: 0, wasMisled: false };
  for (let failed = 0; ; ) {
    const before = file.length;
    try {
      await receive(url, file, look);
      return file.bytes.subarray(0, file.length);
    } catch (error) {
      if (error.final) throw error;
      failed = file.length > before ? 1 : failed + 1;
      if (failed >= TRIES) throw new Error("the connection was cut", { cause: error });
    }
    await new Promise((resolve) => setTimeout(resolve, pause * failed));
  }
}

async function receive(url, file, look) {
  const headers = file.length && !file.wasMisled ? { Range: `bytes=${file.length}-`, "If-Range": file.tag } : {};
  const response = await patiently(url, { credentials: "same-origin", headers });
  if (!response.ok) throw Object.assign(new Error(`the server answered ${response.status}`), { final: true });
  if (response.status !== 206) file.length = 0;
  else if (!follows(response, file.length)) {
    Object.assign(file, { length: 0, wasMisled: true }); // from now on it is asked for whole
    await response.body.cancel();
    throw new Error("the server sent another part");
  }
  file.total = file.length + Number(response.headers.get("Content-Length") ?? 0);
  file.tag = response.headers.get("ETag") ?? "";
  const reader = response.body.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    append(file, read.value);
    look(file.bytes.subarray(0, file.length), file.total);
  }
  if (file.length < file.total) throw new Error("the connection was cut");
}

// Whether a part begins where it was asked for; one that does not say so is believed.
function follows(response, length) {
  const start = /^bytes (\d+)-/.exec(response.headers.get("Content-Range") ?? "")?.[1];
  return start === undefined || Number(start) === length;
}

function append(file, piece) {
  const needed = file.length + piece.length;
  if (needed > file.bytes.length) {
    const larger = new Uint8Array(Math.max(needed, file.total, 2 * file.bytes.length));
    larger.set(file.bytes.subarray(0, file.length));
    file.bytes = larger;
  }
  file.bytes.set(piece, file.length);
  file.length = needed;
}
