// Gray PNG of 8 or 16 bits → pixels, by the browser's own inflate: several times as fast as one in JavaScript.

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];

// Resolves to {width, height, pixels}; pixels are a Uint8Array or Uint16Array. Rejects with a phrase.
export async function decodePng(buffer) {
  const { width, height, bits, parts } = read(new Uint8Array(buffer));
  const bytes = bits / 8;
  const lines = new Uint8Array(await inflated(parts));
  if (lines.length < height * (width * bytes + 1)) throw new Error("the image is cut off");
  const flat = unfiltered(lines, width * bytes, height, bytes);
  return { width, height, pixels: bits === 16 ? joined(flat) : flat };
}

function read(file) {
  if (SIGNATURE.some((byte, index) => file[index] !== byte)) throw new Error("the image is not a PNG");
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const head = { parts: [] };
  for (let at = 8; at + 8 <= file.length; ) {
    const length = view.getUint32(at);
    const kind = String.fromCharCode(...file.subarray(at + 4, at + 8));
    if (kind === "IHDR") Object.assign(head, header(view, at + 8));
    if (kind === "IDAT") head.parts.push(file.subarray(at + 8, at + 8 + length));
    at += length + 12;
  }
  if (!head.width || !head.parts.length) throw new Error("the image is cut off");
  return head;
}

function header(view, at) {
  const [bits, color, , , interlace] = [8, 9, 10, 11, 12].map((offset) => view.getUint8(at + offset));
  if (color !== 0 || interlace !== 0 || (bits !== 8 && bits !== 16)) {
    throw new Error("the image is no gray PNG of 8 or 16 bits");
  }
  return { width: view.getUint32(at), height: view.getUint32(at + 4), bits };
}

async function inflated(parts) {
  const stream = new Blob(parts).stream().pipeThrough(new DecompressionStream("deflate"));
  try {
    return await new Response(stream).arrayBuffer();
  } catch {
    throw new Error("the image is damaged");
  }
}

// Undoes the five line filters (PNG specification, section 9). `gap` is the bytes of one pixel.
function unfiltered(lines, stride, height, gap) {
  const out = new Uint8Array(stride * height);
  let above = new Uint8Array(stride);
  for (let row = 0; row < height; row++) {
    const from = row * (stride + 1);
    const line = out.subarray(row * stride, (row + 1) * stride);
    line.set(lines.subarray(from + 1, from + 1 + stride));
    const filter = lines[from];
    if (filter === 1) addLeft(line, gap);
    else if (filter === 2) addAbove(line, above);
    else if (filter === 3) addMean(line, above, gap);
    else if (filter === 4) addPaeth(line, above, gap);
    above = line;
  }
  return out;
}

function addLeft(line, gap) {
  for (let i = gap; i < line.length; i++) line[i] += line[i - gap];
}

function addAbove(line, above) {
  for (let i = 0; i < line.length; i++) line[i] += above[i];
}

function addMean(line, above, gap) {
  for (let i = 0; i < gap; i++) line[i] += above[i] >> 1;
  for (let i = gap; i < line.length; i++) line[i] += (line[i - gap] + above[i]) >> 1;
}

function addPaeth(line, above, gap) {
  for (let i = 0; i < gap; i++) line[i] += above[i];
  for (let i = gap; i < line.length; i++) {
    const left = line[i - gap];
    const up = above[i];
    const corner = above[i - gap];
    const a = Math.abs(up - corner);
    const b = Math.abs(left - corner);
    const c = Math.abs(left + up - 2 * corner);
    line[i] += a <= b && a <= c ? left : b <= c ? up : corner;
  }
}

// Two bytes, the high one first, to one value.
function joined(bytes) {
  const values = new Uint16Array(bytes.length / 2);
  for (let i = 0; i < values.length; i++) values[i] = (bytes[2 * i] << 8) | bytes[2 * i + 1];
  return values;
}
