// Light or dark, as the system has it or as chosen here. Case pages stay dark: images are read on a dark ground.
import { keep, kept } from "./kept.js";

const STORED = "theme";
const WORDS = { system: "as the system", light: "light", dark: "dark" };
const THEMES = Object.keys(WORDS);

function themeOf(name) {
  return THEMES.includes(name) ? name : "system";
}

export function applyTheme(theme = themeOf(kept(STORED))) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  return theme;
}

// The button in the header that goes from one to the next, and says which it is.
export function bindTheme(button = document.querySelector("[data-role=theme]")) {
  if (!button) return;
  let theme = applyTheme();
  const say = () => {
    const words = `Colors: ${WORDS[theme]}`;
    button.title = words;
    button.setAttribute("aria-label", `${words}. Press for ${WORDS[nextOf(theme)]}.`);
  };
  button.addEventListener("click", () => {
    theme = applyTheme(nextOf(theme));
    keep(STORED, theme);
    say();
  });
  say();
}

const nextOf = (theme) => THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
