/** The control that an event is for. A chat element counts as one, and handles its own controls. */
function controlOf({ target }: Event): EventTarget | null {
  if (!(target instanceof Element)) return target;
  return target.closest("label")?.control ?? target.closest("a, button, tr") ?? target;
}

/**
 * A key that is held down is one press of a button or a field. Otherwise it would act at each
 * repeat, on whatever has the focus by then. In a text of several lines it adds lines.
 */
export function ignoreHeldKey(event: KeyboardEvent): void {
  const isText = event.composedPath()[0] instanceof HTMLTextAreaElement;
  if (event.key === "Enter" && event.repeat && !isText) event.preventDefault();
}

/**
 * Lets a press act on one control only. When a row leaves a list, the next one takes its place: the
 * second click of a double click would act on that row too.
 */
export function ignoreRepeatedPresses(): void {
  let clicked: EventTarget | null = null;
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
  document.addEventListener("keydown", ignoreHeldKey, true);
}
