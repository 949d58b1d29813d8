// Cornerstone3D's rendering engine: started once, on the graphics card or, without WebGL 2, on the processor.
import { RenderingEngine, getRenderingEngine, init, metaData, setUseCPURendering } from "@cornerstonejs/core";

const ENGINE = "radgame";
let started = false;

function canDraw(kind) {
  try {
    return Boolean(document.createElement("canvas").getContext(kind));
  } catch {
    return false;
  }
}

// Cornerstone asks for a modality before it draws; window and scaling are set here instead.
function seriesOf(type, imageId) {
  return type === "generalSeriesModule" && String(imageId).startsWith("radgame:") ? { modality: "DX" } : undefined;
}

// The engine, started when it is first asked for. Throws a sentence where nothing can be drawn at all.
export function engine() {
  if (!started) {
    const hasWebGl2 = canDraw("webgl2");
    if (!hasWebGl2 && !canDraw("2d")) {
      throw new Error(
        "This browser can draw the image neither with WebGL nor on a plain canvas. " +
          "Allow hardware acceleration or canvas in its settings, or use another browser.",
      );
    }
    // A few panes share one context: each costs time to make and to take down.
    init({ rendering: { webGlContextCount: 1 } });
    if (!hasWebGl2) setUseCPURendering(true);
    metaData.addProvider(seriesOf);
    started = true;
  }
  return getRenderingEngine(ENGINE) ?? new RenderingEngine(ENGINE);
}
