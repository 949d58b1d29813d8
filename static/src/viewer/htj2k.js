// HTJ2K codestreams as cases/imaging/htj2k.py writes them: what their header says, and their pixels.
import openjph from "@cornerstonejs/codec-openjph";

const [SIZ, TLM, COM, SOT] = [0xff51, 0xff55, 0xff64, 0xff90];
const COARSEST = 3; // halvings of the coarsest picture that is worth being shown

const CRC = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

// {width, height, ends: bytes that each resolution needs, the coarsest first, check: {start, end, crc}};
// null while too little of it is there. Throws a phrase where it is none.
export function readHead(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length >= 2 && view.getUint16(0) !== 0xff4f) throw new Error("the image is no HTJ2K codestream");
  const head = { lengths: [] };
  for (let at = 2; at + 4 <= bytes.length; ) {
    const marker = view.getUint16(at);
    if (marker === SOT) return headOf(head, at);
    const next = at + 2 + Math.max(2, view.getUint16(at + 2));
    if (next > bytes.length) return null;
    if (marker === SIZ) Object.assign(head, { width: view.getUint32(at + 6), height: view.getUint32(at + 10) });
    if (marker === TLM) for (let i = at + 8; i + 4 <= next; i += 6) head.lengths.push(view.getUint32(i));
    if (marker === COM) head.check = { start: at, end: next, crc: crcIn(bytes.subarray(at + 6, next)) };
    at = next;
  }
  return null;
}

function headOf({ width, height, lengths, check }, start) {
  if (!width || !height || !lengths.length || !check) throw new Error("the image is damaged");
  let end = start;
  return { width, height, check, ends: lengths.map((length) => (end += length)) };
}

function crcIn(comment) {
  return Number.parseInt(String.fromCharCode(...comment).replace("crc32 ", ""), 16);
}

// Whether all bytes are as they were written: the decoder shows damage as a picture.
export function isWhole(bytes, { check: { start, end, crc } }) {
  let value = -1;
  for (const part of [bytes.subarray(0, start), bytes.subarray(end)]) {
    for (let i = 0; i < part.length; i++) value = CRC[(value ^ part[i]) & 255] ^ (value >>> 8);
  }
  return (value ^ -1) >>> 0 === crc;
}

// How often the finest picture that these first bytes hold is halved; null where there is none worth showing.
export function halvingsIn(length, { ends }) {
  const whole = ends.filter((end) => end <= length).length;
  const halvings = ends.length - whole;
  return whole && halvings <= COARSEST ? halvings : null;
}

// Resolves to the decoder, of a WebAssembly file that is fetched; rejects where there is none to be had.
export async function startCodec(url) {
  const response = await fetch(url, { credentials: "same-origin" });
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  const codec = await openjph({ wasmBinary: await response.arrayBuffer(), print: () => {}, printErr: () => {} });
  return (bytes, halvings = 0) => decode(codec, bytes, halvings);
}

// {width, height, pixels} of a whole codestream, or of its beginning at a coarser size.
function decode({ HTJ2KDecoder }, bytes, halvings) {
  const decoder = new HTJ2KDecoder();
  try {
    decoder.getEncodedBuffer(bytes.length).set(bytes);
    decoder.decodeSubResolution(halvings);
    const { bitsPerSample, isSigned, componentCount } = decoder.getFrameInfo();
    const { width, height } = decoder.calculateSizeAtDecompositionLevel(halvings);
    const flat = decoder.getDecodedBuffer();
    if (isSigned || componentCount !== 1 || flat.length !== width * height * (bitsPerSample > 8 ? 2 : 1)) {
      throw new Error("the image is damaged");
    }
    const own = flat.slice(); // the decoder's memory goes with it
    return { width, height, pixels: bitsPerSample > 8 ? new Uint16Array(own.buffer) : own };
  } finally {
    decoder.delete();
  }
}

// A coarse picture at the size of the whole one, so that whatever is done to the one can be done to the other.
// Its pixel (i, j) is the whole one's at (i, j) times 2 to the power of `halvings`.
export function enlarged({ width, height, pixels }, halvings, whole) {
  const out = new pixels.constructor(whole.width * whole.height);
  const step = 2 ** -halvings;
  for (let y = 0, i = 0; y < whole.height; y++) {
    const top = Math.min(height - 1, Math.floor(y * step));
    const bottom = Math.min(height - 1, top + 1);
    const v = Math.min(1, y * step - top);
    for (let x = 0; x < whole.width; x++, i++) {
      const left = Math.min(width - 1, (x * step) | 0);
      const right = Math.min(width - 1, left + 1);
      const u = Math.min(1, x * step - left);
      const above = pixels[top * width + left] * (1 - u) + pixels[top * width + right] * u;
      const below = pixels[bottom * width + left] * (1 - u) + pixels[bottom * width + right] * u;
      out[i] = above * (1 - v) + below * v + 0.5;
    }
  }
  return { width: whole.width, height: whole.height, pixels: out };
}
