import { computed, signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { timeFormat } from "../clock.ts";
import { Icon } from "./icons.ts";

/** A shorter outage, such as a change of servers, is not shown. */
const patienceMilliseconds = 2_000;
const times = timeFormat("en", { timeStyle: "short" });

/** Lost connections, and since when, in milliseconds since 1970. */
const lost = signal<ReadonlyMap<string, number>>(new Map());
const lostSince = computed(() =>
  lost.value.size === 0 ? undefined : Math.min(...lost.value.values()),
);

/** Notes whether a connection is lost, such as that of the charts. */
export function noteConnection(name: string, isLost: boolean): void {
  const before = lost.peek();
  if (before.has(name) === isLost) return;
  const others = [...before].filter(([one]) => one !== name);
  lost.value = new Map(isLost ? [...others, [name, Date.now()]] : others);
}

const noteNetwork = () => noteConnection("network", !navigator.onLine);
addEventListener("offline", noteNetwork);
addEventListener("online", noteNetwork);

/** A strip at the top of every view that says since when the console is offline. */
export function OfflineStrip() {
  const since = lostSince.value;
  const shown = useSignal<number | undefined>(undefined);
  useEffect(() => {
    if (since === undefined) {
      shown.value = undefined;
      return;
    }
    const timer = setTimeout(() => {
      shown.value = since;
    }, patienceMilliseconds);
    return () => clearTimeout(timer);
  }, [since]);
  return (
    <div role="status">
      {shown.value !== undefined && (
        <p class="offline-strip">
          <Icon name="offline" /> Connection lost at {times.format(shown.value)}. Reconnecting…
        </p>
      )}
    </div>
  );
}
