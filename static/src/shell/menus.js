// Small sheets that open from a line of the page, marked <details data-menu>: a press beside them, or Esc, closes them.

export function closeMenus(except = null) {
  const open = [...document.querySelectorAll("details[data-menu][open]")].filter((menu) => menu !== except);
  for (const menu of open) menu.open = false;
  return open;
}

export function watchMenus() {
  document.addEventListener("pointerdown", ({ target }) => closeMenus(target.closest?.("details[data-menu]")));
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Escape") return;
      const [menu] = closeMenus();
      if (!menu) return;
      event.stopPropagation(); // nothing else is given up by this press
      menu.querySelector("summary").focus();
    },
    { capture: true },
  );
}
