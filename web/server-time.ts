import { createClock } from "../client/clock.ts";

const clock = createClock();

/** Takes a time that the server has sent: an event's `at`, or the header `date`. */
export const noteServerTime = clock.note;

/** The server's time in milliseconds, about a second late at most. */
export const serverNow = clock.now;

/** A `fetch` that notes the server's time; other origins cannot read its header. */
export const timed =
  (fetcher: typeof fetch = fetch): typeof fetch =>
  async (...given) => {
    const answer = await fetcher(...given);
    clock.note(answer.headers.get("date"));
    return answer;
  };
