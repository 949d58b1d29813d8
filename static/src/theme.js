// In the head of every page, before anything is seen: the colors that were chosen in this browser.
import { applyTheme } from "./shell/theme.js";

applyTheme();
