import { signal } from "@preact/signals";
import type { Client, Frame } from "../../client/index.ts";

/** Events shown to all viewers of this page, compared with the stream's log. */
export const deliveries = signal({ events: 0, lost: 0, doubled: 0 });

type Range = { epoch: string; head: number; recovered: boolean; frames: Frame[] };

/** Maximum number of frames kept for comparison. */
const framesMax = 20_000;

/**
 * Records the events a viewer is shown. `check` reads the log over HTTP since the last check and
 * counts events that were not shown; duplicates are counted at once.
 */
export function createDeliveryCheck(client: Client, streamId: string) {
  const shown = new Set<string>();
  const frames: { frame: number; ids: string[] }[] = [];
  let checked: { epoch: string; frame: number } | undefined;
  const subscription = client.subscribe(streamId, {
    onFrame({ frame, events }) {
      const doubled = events.filter(({ id }) => shown.has(id)).length;
      for (const { id } of events) shown.add(id);
      frames.push({ frame, ids: events.map(({ id }) => id) });
      if (frames.length > framesMax) forget();
      const { value } = deliveries;
      deliveries.value = {
        ...value,
        events: value.events + events.length,
        doubled: value.doubled + doubled,
      };
    },
  });
  subscription.ready.then(
    (position) => {
      checked = position;
    },
    () => {},
  );

  /** Forgets the oldest frame: it is not compared any more. */
  function forget(): void {
    const { frame, ids } = frames.shift()!;
    for (const id of ids) shown.delete(id);
    if (checked !== undefined && checked.frame < frame) checked = { ...checked, frame };
  }

  /** Compares the log up to this viewer's position. */
  async function check(): Promise<void> {
    const end = subscription.position();
    for (let isMore = true; isMore && checked !== undefined && end !== undefined; ) {
      const { epoch, frame } = checked;
      if (epoch !== end.epoch || frame >= end.frame) break;
      const path = `/api/v1/live-stream/${streamId}/events?epoch=${epoch}&after=${frame}`;
      const range = await client.call<Range>("GET", path);
      const from = checked.frame;
      const known = range.frames.filter((one) => one.frame > from && one.frame <= end.frame);
      const missing = known.flatMap(({ events }) => events.filter(({ id }) => !shown.has(id)));
      if (missing.length > 0)
        deliveries.value = {
          ...deliveries.value,
          lost: deliveries.value.lost + missing.length,
        };
      isMore = known.length > 0;
      if (isMore) checked = { epoch, frame: known.at(-1)!.frame };
    }
    // Compared frames are dropped, except for the last 200.
    while (frames.length > 0 && checked !== undefined && frames[0]!.frame < checked.frame - 200)
      forget();
  }

  return { check, stop: () => subscription.close() };
}
