import { signal } from "@preact/signals";
import { isAnyChanged } from "../kept-drafts.ts";
import { Confirmation } from "./confirmation.tsx";
import { session } from "./session.ts";

/** The action that waits for the answer to "Discard changes?". */
const leaving = signal<(() => void) | undefined>(undefined);
session.subscribe(() => {
  leaving.value = undefined;
});

/** Leaves the open form, after a question if that would lose what was entered. */
export function leaveForm(leave: () => void): void {
  if (isAnyChanged()) leaving.value = leave;
  else leave();
}

/** The question before changes are discarded. */
export function DiscardQuestion() {
  const leave = leaving.value;
  if (leave === undefined) return null;
  const close = () => {
    if (leaving.peek() === leave) leaving.value = undefined;
  };
  const confirm = () => {
    close();
    leave();
  };
  const labels = { title: "Discard changes?", back: "Keep editing", verb: "Discard" };
  return <Confirmation {...labels} close={close} confirm={confirm} />;
}
