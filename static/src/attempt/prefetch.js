// The next case's images, fetched and decoded while the learner reads the feedback, or plays the case before it.

const PATIENCE_MS = 3000;

// `url`, asked for JSON, names the images and begins nothing; null where there is nothing to fetch ahead.
// Resolves when there is no more to do.
export async function loadAhead(url, renditions) {
  if (!url) return;
  await idle();
  try {
    const response = await fetch(url, { credentials: "same-origin", headers: { Accept: "application/json" } });
    if (!response.ok) return;
    const { images } = await response.json();
    await Promise.all(images.map((image) => renditions.load(image)));
  } catch {
    // Nothing is lost: the next page loads them itself.
  }
}

function idle() {
  const wait = globalThis.requestIdleCallback ?? ((work) => setTimeout(work, 200));
  return new Promise((resolve) => wait(resolve, { timeout: PATIENCE_MS }));
}
