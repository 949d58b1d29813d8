// Stands in for xmlbuilder2, which vtk.js imports for file formats that are never written here.
export function create() {
  throw new Error("XML is not written in the browser.");
}
export const convert = create;
export const fragment = create;
export const builder = create;
