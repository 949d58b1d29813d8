// Every page: say when the connection is lost.
import "./messages.js";
