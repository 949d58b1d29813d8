// The two buttons under a model's explanation: helpful or wrong; pressing the pressed one takes it back.
import { exchange } from "../shell/server.js";

// Shows the buttons of `place` (a [data-explain] element) for the text the server calls `explanation`.
export function offerRating(place, { explanation, rating = "" }, { url, csrf }) {
  const group = place.querySelector("[data-role=rating]");
  if (!group || !url || !explanation) return;
  const buttons = [...group.querySelectorAll("[data-rating]")];
  const said = group.querySelector("[role=status]");
  let kept = rating;
  const press = (value) =>
    buttons.forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.rating === value)));
  const send = async (value) => {
    press(value);
    const body = { row: place.dataset.explain, explanation, rating: value };
    const reply = await exchange("POST", url, body, csrf).catch(() => null);
    if (reply?.status === 200) kept = value;
    press(kept);
    said.textContent = reply?.status === 200 ? { helpful: "Noted.", wrong: "Noted; curators will see it." }[value] || "" : "Not kept; try again.";
  };
  buttons.forEach((button) => (button.onclick = () => send(button.dataset.rating === kept ? "" : button.dataset.rating)));
  press(kept);
  group.hidden = false;
}
