// Choices kept in this browser.

// A choice by its name; null where nothing is, or may be, kept.
export function kept(name) {
  try {
    return globalThis.localStorage.getItem(name);
  } catch {
    return null;
  }
}

export function keep(name, value) {
  try {
    globalThis.localStorage.setItem(name, value);
  } catch {
    // Full or forbidden: the choice holds for this page.
  }
}
