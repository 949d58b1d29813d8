// What every case page needs of its document: data, the status line, questions, fragments.

export const read = (id) => JSON.parse(document.getElementById(id).textContent);

export function say(sentence) {
  document.getElementById("status-line").textContent = sentence;
}

// Asks in the page's dialog of that id; resolves to whether it was agreed to.
export function confirmed(id) {
  const dialog = document.getElementById(id);
  dialog.returnValue = "";
  dialog.onkeydown = (event) => event.repeat && event.preventDefault(); // the press that opened it is no answer
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

// A piece of a page made by the server; null when it cannot be had.
export async function fragmentOf(url) {
  try {
    const response = await fetch(url, { credentials: "same-origin" });
    return response.ok && !response.redirected ? await response.text() : null;
  } catch {
    return null;
  }
}

// A choice kept in this browser; null where nothing is, or may be, kept.
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
