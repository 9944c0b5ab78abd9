import { randomBytes, randomInt } from "node:crypto";
import { objectIdOf } from "../domain/id.ts";

const random = { hex: "", counter: 0 };

/**
 * A new id in the form of a MongoDB ObjectId (https://www.mongodb.com/docs/manual/reference/bson-types/):
 * 4 bytes of time in seconds, 5 random bytes of this process, 3 bytes of a counter.
 */
export function newId(now: Date): string {
  if (random.hex === "") {
    random.hex = randomBytes(5).toString("hex");
    random.counter = randomInt(0x1000000);
  }
  random.counter = (random.counter + 1) % 0x1000000;
  return objectIdOf(Math.floor(now.getTime() / 1000), random.hex, random.counter);
}
