// What every case page needs of its document: data, the status line, questions, fragments.

export const read = (id) => JSON.parse(document.getElementById(id).textContent);

export function say(sentence) {
  document.getElementById("status-line").textContent = sentence;
}

// Asks in the page's dialog of that id; resolves to whether it was agreed to.
export function confirmed(id) {
  const dialog = document.getElementById(id);
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

// A piece of a page made by the server; null when it cannot be had.
export async function fragmentOf(url) {
  try {
    const response = await fetch(url, { credentials: "same-origin" });
    return response.ok ? await response.text() : null;
  } catch {
    return null;
  }
}
