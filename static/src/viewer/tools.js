// The viewer's own actions by name; each returns false when it means nothing now.

const ZOOM = 1.25;

// `event` is the key press that asked for an action, or empty for a button.
export function toolsOf(stage, event) {
  const viewer = stage.view?.viewer;
  return {
    ...cameraTools(viewer),
    ...windowTools(viewer, event),
    ...sliceTools(viewer, event),
    ...measuringTools(stage),
    ...paneTools(stage),
    magnify: () => magnify(stage, event),
    reset: () => (viewer.resetWindow(), viewer.setContrast(false), viewer.fit()),
    hide: () => stage.toggleHidden(),
    settings: () => stage.settings.open(),
    help: () => stage.help.open(),
  };
}

function cameraTools(viewer) {
  const middle = () => [viewer.element.clientWidth / 2, viewer.element.clientHeight / 2];
  return {
    fit: () => viewer.fit(),
    zoomIn: () => viewer.zoomBy(ZOOM, middle()),
    zoomOut: () => viewer.zoomBy(1 / ZOOM, middle()),
    oneToOne: () => viewer.oneToOne(),
  };
}

function windowTools(viewer, { key }) {
  return {
    invert: () => viewer.invert(),
    preset: () => viewer.nextPreset(),
    presetNumber: () => viewer.choosePreset(Number(key) - 1),
    contrast: () => viewer.setContrast(!viewer.contrast),
  };
}

function sliceTools(viewer, { key }) {
  const last = (viewer?.image.frames ?? 1) - 1;
  const at = () => viewer.wanted ?? viewer.frame;
  const to = (frame) => (last > 0 ? viewer.show(frame()) : false);
  return {
    frameUp: () => to(() => at() - 1),
    frameDown: () => to(() => at() + 1),
    frameStep: () => to(() => at() + (key === "ArrowUp" ? -1 : 1)),
    frameFirst: () => to(() => 0),
    frameLast: () => to(() => last),
  };
}

function measuringTools({ measurements }) {
  const take = (kind) => () => measurements.take(kind);
  return {
    length: take("length"),
    angle: take("angle"),
    ratio: take("ratio"),
    clearMeasures: () => measurements.clear(),
    cancel: () => measurements.putDown(),
    remove: () => measurements.remove(),
  };
}

function paneTools(stage) {
  const several = (action) => () => (stage.views.length > 1 ? action() : false);
  return {
    nextImage: several(() => stage.nextImage()),
    layout: several(() => stage.layOut(stage.hanging.nextCount())),
    swap: several(() => stage.swap()),
    link: several(() => stage.links.toggle(stage.view)),
  };
}

// By its key the lens shows while the key is held; by its button until it is pressed again.
function magnify({ magnifier, view }, { type, repeat }) {
  if (repeat) return;
  if (type === "keydown") magnifier.press(view);
  else magnifier.toggle(view);
}
