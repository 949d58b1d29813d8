// Pixels → what is seen, without Cornerstone: for the magnifier and for the first look at an image.

// Fills `out` ({width, height, data: RGBA}) with a part of the picture. The middle of out's first pixel shows
// the image point (left + step / 2, top + down / 2), in pixels at pixel edges; black outside the image.
export function paint({ width, height, pixels }, out, { left, top, step, down = step, window, inverted = false }) {
  const low = window.center - window.width / 2;
  const factor = 255 / window.width;
  const gray = new Uint32Array(out.data.buffer, out.data.byteOffset, out.width * out.height);
  for (let row = 0, i = 0; row < out.height; row++) {
    const y = top + (row + 0.5) * down - 0.5;
    const inside = y >= -0.5 && y < height - 0.5;
    const y0 = Math.min(height - 1, Math.max(0, Math.floor(y)));
    const y1 = Math.min(height - 1, y0 + 1);
    const v = Math.max(0, y - y0);
    for (let column = 0; column < out.width; column++, i++) {
      const x = left + (column + 0.5) * step - 0.5;
      if (!inside || x < -0.5 || x >= width - 0.5) {
        gray[i] = 0xff000000;
        continue;
      }
      const x0 = Math.max(0, Math.floor(x));
      const x1 = Math.min(width - 1, x0 + 1);
      const u = Math.max(0, x - x0);
      const above = pixels[y0 * width + x0] * (1 - u) + pixels[y0 * width + x1] * u;
      const below = pixels[y1 * width + x0] * (1 - u) + pixels[y1 * width + x1] * u;
      const shade = Math.min(255, Math.max(0, (above * (1 - v) + below * v - low) * factor));
      const shown = Math.round(inverted ? 255 - shade : shade);
      gray[i] = 0xff000000 | (shown << 16) | (shown << 8) | shown;
    }
  }
}

// Where and how large an image lies in a pane that it fits into, in CSS pixels: {scale (of a pixel's width), left, top}.
// `aspect` is how many times as high as wide a pixel is.
export function fitted({ width, height }, room, aspect = 1) {
  const scale = Math.min(room.width / width, room.height / (height * aspect));
  return { scale, left: (room.width - width * scale) / 2, top: (room.height - height * scale * aspect) / 2 };
}

// The whole image, fitted into a canvas element. Returns whether it could be drawn.
export function paintWhole(canvas, rendition, window, aspect = 1) {
  const ratio = globalThis.devicePixelRatio || 1;
  const room = { width: canvas.clientWidth, height: canvas.clientHeight };
  const context = canvas.getContext("2d");
  if (!context || !room.width || !room.height) return false;
  canvas.width = Math.round(room.width * ratio);
  canvas.height = Math.round(room.height * ratio);
  const { scale, left, top } = fitted(rendition, room, aspect);
  const shown = context.createImageData(canvas.width, canvas.height);
  const step = 1 / (scale * ratio);
  paint(rendition, shown, { left: -left / scale, top: -top / (scale * aspect), step, down: step / aspect, window });
  context.putImageData(shown, 0, 0);
  return true;
}
