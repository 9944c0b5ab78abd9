/** What `endpoint` does not let anybody write: the compiler alone runs this (`npm run types`). */
import * as z from "zod";
import { endpoint } from "../../platform/http/endpoint.ts";

const base = {
  route: "POST /api/v1/polls",
  summary: "Ask the viewers",
  tag: "Likes and Moments",
  caller: "user",
  body: z.object({ question: z.string() }),
  answer: [200, z.object({ id: z.string() })],
  cost: {},
  refusals: ["stream_not_found"],
  grants: { read: ["STREAM"] },
} as const;

endpoint(base, async ({ body, caller }) => ({ id: body.question + caller.userId }));

// @ts-expect-error: the body has no such field.
endpoint(base, async ({ body }) => ({ id: body.answer }));

// @ts-expect-error: the answer lacks its id.
endpoint(base, async () => ({ name: "no id" }));

// @ts-expect-error: the answer's id is text.
endpoint(base, async () => ({ id: 1 }));

// @ts-expect-error: what anyone may call has no caller.
endpoint({ ...base, caller: "anyone" } as const, async ({ caller }) => ({ id: caller.userId }));

// @ts-expect-error: an optional caller may be absent.
endpoint({ ...base, caller: "optional" } as const, async ({ caller }) => ({ id: caller.userId }));

// @ts-expect-error: there is no such refusal.
endpoint({ ...base, refusals: ["poll_not_found"] } as const, async () => ({ id: "1" }));

// @ts-expect-error: there is no such partition.
endpoint({ ...base, grants: { read: ["POLL"] } } as const, async () => ({ id: "1" }));
