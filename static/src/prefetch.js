// The next case's images, fetched into the browser's cache while the learner reads the feedback.

const PATIENCE_MS = 3000;

// `url` is where the page goes on to. Only the address of a next case, asked for JSON, names images and
// begins nothing; any other, such as that of a series, is left alone.
export function prefetchNext(url) {
  if (!url?.startsWith("/next/")) return;
  const wait = globalThis.requestIdleCallback ?? ((work) => setTimeout(work, 200));
  wait(() => fetchImages(url), { timeout: PATIENCE_MS });
}

export async function fetchImages(url) {
  try {
    const response = await fetch(url, { credentials: "same-origin", headers: { Accept: "application/json" } });
    if (!response.ok) return;
    const { images } = await response.json();
    for (const image of images) await (await fetch(image, { credentials: "same-origin" })).arrayBuffer();
  } catch {
    // Nothing is lost: the next page fetches them itself.
  }
}
