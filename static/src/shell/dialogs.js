// The page's dialogs: each is opened here, so that all of them treat the keyboard alike.

// Opens a dialog over the page. Its heading gets the focus where it can take it, else its first control.
export function openDialog(dialog) {
  if (dialog.open) return;
  watch(dialog);
  dialog.showModal();
  dialog.querySelector("h2[tabindex]")?.focus();
}

// The press that opened a dialog is no answer to it, however long the key is held.
function watch(dialog) {
  if (dialog.dataset.watched) return;
  dialog.dataset.watched = "true";
  dialog.addEventListener("keydown", (event) => {
    if (event.repeat && ["Enter", " "].includes(event.key)) event.preventDefault();
  });
  dialog.addEventListener("close", () => giveBack(dialog));
}

// The browser gives the focus back to what had it; where nothing had it, the page's content takes it.
function giveBack(dialog) {
  const at = document.activeElement;
  if (!at || at === document.body || dialog.contains(at)) document.getElementById("main")?.focus({ preventScroll: true });
}

// Asks in the page's dialog of that id; resolves to whether it was agreed to.
export function confirmed(id) {
  const dialog = document.getElementById(id);
  dialog.returnValue = "";
  openDialog(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

// Whether a dialog lies over the page, which then takes no command.
export function isAsking() {
  return Boolean(document.querySelector("dialog[open]"));
}

// A form marked data-ask="ID" is sent once the dialog of that id was agreed to.
export function askBeforeSending() {
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.dataset?.ask) return;
    event.preventDefault();
    if (await confirmed(form.dataset.ask)) form.submit(); // tells no listener, so it is not asked again
  });
}
