/** The control that an event is for. A chat element is one: what is inside is its own matter. */
function controlOf({ target }: Event): EventTarget | null {
  if (!(target instanceof Element)) return target;
  return target.closest("label")?.control ?? target.closest("a, button, tr") ?? target;
}

/**
 * Lets a press act on one control only. When a row leaves a list, the next one takes its place: the
 * second click of a double click, or a key that is held down, would act on that row too.
 */
export function ignoreRepeatedPresses(): void {
  let clicked: EventTarget | null = null;
  let pressed: EventTarget | null = null;
  document.addEventListener(
    "click",
    (event) => {
      const control = controlOf(event);
      if (event.detail <= 1) clicked = control;
      else if (control !== clicked) {
        event.preventDefault();
        event.stopPropagation();
      }
    },
    true,
  );
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Enter") return;
      if (!event.repeat) pressed = controlOf(event);
      else if (controlOf(event) !== pressed) event.preventDefault();
    },
    true,
  );
}
