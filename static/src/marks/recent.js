// The labels used last, kept in this browser.
import { keep, kept } from "../shell/kept.js";

const KEY = "recent-labels";
const MOST = 4;

export function recentLabels() {
  try {
    const labels = JSON.parse(kept(KEY) ?? "[]");
    return Array.isArray(labels) ? labels.filter((slug) => typeof slug === "string").slice(0, MOST) : [];
  } catch {
    return []; // unreadable
  }
}

export function noteLabel(slug) {
  const others = recentLabels().filter((label) => label !== slug);
  keep(KEY, JSON.stringify([slug, ...others].slice(0, MOST)));
}
