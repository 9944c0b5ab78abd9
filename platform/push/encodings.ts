import { deflateRawSync } from "node:zlib";
import { compactOf } from "../../domain/log/compact.ts";
import type { Frame } from "../../domain/log/frame.ts";
import type { Subscriber } from "../../domain/log/subscriber.ts";
import { type Payload, payloadOf } from "./gateway.ts";

/** Bytes above which a compact frame is compressed besides: below, base64 eats the gain. */
const plainBytesMax = 2_048;

/** The encodings of one frame, each made once for all who get it. */
export type Encodings = (subscriber: Pick<Subscriber, "compact">) => Payload;

type Shown = Pick<Frame, "body">;

/** Of frames that are still held: those which resume read one frame together, and make it once. */
const known = new WeakMap<Shown, Encodings>();

/** The encodings of a frame, each made on first use. */
export function encodingsOf(frame: Shown): Encodings {
  const found = known.get(frame) ?? makeEncodings(frame);
  known.set(frame, found);
  return found;
}

function makeEncodings({ body }: Shown): Encodings {
  let plain: Payload | undefined;
  let compact: Payload | undefined;
  return (subscriber) => {
    if (subscriber.compact === true) {
      compact ??= payloadOf(compactText(body));
      return compact;
    }
    plain ??= payloadOf(body);
    return plain;
  };
}

/** The dense form of a frame's text; of one text it is always the same. */
export function compactText(body: string): string {
  const text = JSON.stringify(compactOf(JSON.parse(body)));
  if (Buffer.byteLength(text) <= plainBytesMax) return text;
  const data = deflateRawSync(text, { level: 6 }).toString("base64");
  return JSON.stringify({ type: "deflate", data });
}
