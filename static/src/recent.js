// The labels used last, kept in this browser.

const KEY = "recent-labels";
const MOST = 4;

export function recentLabels() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.filter((slug) => typeof slug === "string").slice(0, MOST) : [];
  } catch {
    return []; // unreadable, or no storage is allowed
  }
}

export function noteLabel(slug) {
  const others = recentLabels().filter((kept) => kept !== slug);
  try {
    localStorage.setItem(KEY, JSON.stringify([slug, ...others].slice(0, MOST)));
  } catch {
    // Without storage there are no recent labels.
  }
}
