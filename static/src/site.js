// Every page: what htmx could not do is said, forms that ask first do so, small sheets close, colors are chosen.
import { chartDownloads } from "./shell/charts.js";
import { askBeforeSending } from "./shell/dialogs.js";
import { watchMenus } from "./shell/menus.js";
import "./shell/messages.js";
import { bindTheme } from "./shell/theme.js";

askBeforeSending();
watchMenus();
bindTheme();
chartDownloads();
