import { otherServices } from "../../../bin/operate/estimate.ts";
import { prices } from "../../../local/aws/prices.ts";
import { round } from "../figures.ts";

/** What was delivered to a room, and how long it took. */
type Delivered = {
  viewers: number;
  seconds: number;
  /** The JSON of every frame, each of which went to every viewer. */
  frames: readonly string[];
  events: number;
  /** Dollars of the run without sockets and bytes out: senders' items, frames, functions. */
  base: number;
};

/** What API Gateway and AppSync Events count as one message. */
const meteredBytes = { post: 32 * 1024, publish: 5 * 1024 } as const;

/**
 * Dollars of an hour of the same frames on other ways, for all that these charge for: connections,
 * messages and bytes. Not every way carries it: a default account posts to 10,000 viewers a second.
 */
export function dollarsElsewhere(of: Delivered): Record<string, number> {
  const { viewers, seconds, frames, events, base } = of;
  const sizes = frames.map((text) => Buffer.byteLength(text));
  const metered = (bytesMax: number) =>
    sizes.reduce((sum, bytes) => sum + Math.ceil(bytes / bytesMax), 0);
  const minutes = (viewers * seconds) / 60;
  const out = (sizes.reduce((sum, bytes) => sum + bytes, 0) * viewers * prices.gigabytes_out) / 1e9;
  const posts = viewers * metered(meteredBytes.post) * prices.websocket_messages;
  // A publication is an operation as well as each delivery.
  const publishes = (viewers + 1) * metered(meteredBytes.publish) * otherServices.appSync.operation;
  const dollars = {
    "$/hour, posts": base + posts + minutes * prices.websocket_connection_minutes + out,
    "$/hour, AppSync Events":
      base + publishes + minutes * otherServices.appSync.connectionMinute + out,
    // It takes the messages itself, one by one, and charges for no bytes.
    "$/hour, IVS Chat": events * (otherServices.ivs.sent + viewers * otherServices.ivs.delivered),
  };
  return Object.fromEntries(
    Object.entries(dollars).map(([name, value]) => [name, round((value * 3600) / seconds)]),
  );
}
