import { deflateRawSync } from "node:zlib";
import { compactOf } from "../../domain/log/compact.ts";
import type { Frame } from "../../domain/log/frame.ts";
import type { Subscriber } from "../../domain/log/subscriber.ts";
import { type Payload, payloadOf } from "./gateway.ts";

/**
 * Compact frames larger than this (bytes) are compressed. For smaller ones base64 outweighs the
 * gain.
 */
const plainBytesMax = 2_048;

/** Returns a frame in the encoding of a subscriber. Each encoding is made once and shared. */
export type Encodings = (subscriber: Pick<Subscriber, "compact">) => Payload;

type Shown = Pick<Frame, "body">;

/** Encodings by frame, so that viewers who resume from the same frame object share them. */
const known = new WeakMap<Shown, Encodings>();

/** A frame's encodings, each made on first use. */
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

/** The compact form of a frame's text. Deterministic. */
export function compactText(body: string): string {
  const text = JSON.stringify(compactOf(JSON.parse(body)));
  if (Buffer.byteLength(text) <= plainBytesMax) return text;
  const data = deflateRawSync(text, { level: 6 }).toString("base64");
  return JSON.stringify({ type: "deflate", data });
}
