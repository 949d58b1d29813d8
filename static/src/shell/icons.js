// An icon of the sprite, copied from the page's template: decoration, its button needs a name of its own.
export function iconElement(name) {
  const template = document.querySelector("svg.icon-template");
  const svg = template.cloneNode(true);
  svg.setAttribute("class", "lucide");
  svg.removeAttribute("hidden");
  const use = svg.querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*$/, `#${name}`));
  return svg;
}
