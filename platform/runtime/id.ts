import { randomBytes, randomInt } from "node:crypto";
import { objectIdOf } from "../../domain/id.ts";

const random = { hex: "", counter: 0 };

/**
 * A new id in the form of a MongoDB ObjectId (https://www.mongodb.com/docs/manual/reference/bson-types/):
 * 4 bytes of time in seconds, 5 bytes of this process, 3 bytes of a counter. An ObjectId has 40
 * random bits; ours has the milliseconds and 28 random bits, so that ids of several processes sort
 * by time.
 */
export function newId(now: Date): string {
  if (random.hex === "") {
    random.hex = randomBytes(4).toString("hex").slice(1);
    random.counter = randomInt(0x1000000);
  }
  random.counter = (random.counter + 1) % 0x1000000;
  const milliseconds = (now.getTime() % 1000).toString(16).padStart(3, "0");
  return objectIdOf(Math.floor(now.getTime() / 1000), milliseconds + random.hex, random.counter);
}
