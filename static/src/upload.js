// The desk's page of uploads: a folder, files or a ZIP are dropped or chosen, and sent in pieces.
import "./site.js";
import { ofDrop, ofInput } from "./desk/chosen.js";
import { UploadForm } from "./desk/upload-form.js";
import { read } from "./shell/page.js";

const form = document.querySelector("[data-upload]");
if (form) {
  const page = new UploadForm(form, read("upload-data"), { ofDrop, ofInput, leave: (address) => location.assign(address) });
  page.listen();
}
