import { make } from "./dom.ts";

/** A button that asks on the first press and acts on the second; a double click is one press. */
export function confirmButton(kind: string, label: string, sure: string, act: () => void) {
  const button = make("button", { class: kind, type: "button" }, label);
  let isAsked = false;
  const ask = (asks: boolean) => {
    isAsked = asks;
    button.classList.toggle("asked", asks);
    button.textContent = asks ? sure : label;
  };
  button.addEventListener("blur", () => ask(false));
  button.addEventListener("click", ({ detail }) => {
    if (detail > 1) return;
    if (isAsked) act();
    ask(!isAsked);
  });
  return button;
}
