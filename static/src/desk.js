// The curator's work list: gone through by keyboard, like mail.
import "./site.js";
import { Triage } from "./desk/triage.js";

new Triage(document).listen();
