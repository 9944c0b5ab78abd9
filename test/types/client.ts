/** What the client does not let anybody write: the compiler alone runs this (`npm run types`). */
import {
  type CallResult,
  type Client,
  type CodeOf,
  createClient,
  OvationError,
  type Route,
} from "../../client/index.ts";

declare const client: Client;
const [path, streamId] = [{ streamId: "s" }, "s"];

const { balance }: { balance: number } = await client.call("GET /api/v1/wallet");
const { messages } = await client.call("GET /api/v1/live-stream/{streamId}/chat/messages", {
  path,
  query: { page: 2 },
});
const gift = await client.call("POST /api/v1/gifts/create", {
  body: { giftTypeId: "g", liveStreamId: streamId, expectedPrice: balance },
  key: messages[0]!.sender.username,
});
const nothing: undefined = await client.call("DELETE /api/v1/live-stream/{streamId}/chat/pin", {
  path,
});
// What a newer server has is called by method and path.
const poll = await client.call<{ id: string }>("POST", "/api/v1/polls", { question: gift.id });
const wallet: CallResult<"GET /api/v1/wallet"> = { balance: 1, pending: 0, owed: 0, spendLimit: 9 };
const code: CodeOf<"POST /api/v1/gifts/create"> = "credits_too_low";
const route: Route = "GET /api/v1/gifts/gift-types";

const titles: string[] = [];
createClient({ url: "", token: "", onNotification: ({ title }) => titles.push(title) });
createClient({ url: "", token: "", onNotification: (row: Record<string, unknown>) => void row });

// @ts-expect-error: the wallet has no such field.
wallet.credits;

// @ts-expect-error: there is no such route.
await client.call("GET /api/v1/walet");

// @ts-expect-error: there is no such route.
const wrong: Route = "POST /api/v1/wallet";

// @ts-expect-error: a gift has a type.
await client.call("POST /api/v1/gifts/create", { body: { liveStreamId: streamId } });

await client.call("POST /api/v1/gifts/create", {
  // @ts-expect-error: the body has no such field.
  body: { giftTypeId: "g", liveStreamId: streamId, amount: 1 },
});

// @ts-expect-error: the body is missing.
await client.call("POST /api/v1/gifts/create");

await client.call("GET /api/v1/live-stream/{streamId}/chat/messages", {
  path,
  // @ts-expect-error: a page is a number.
  query: { page: "2" },
});

// @ts-expect-error: the stream is missing.
await client.call("GET /api/v1/live-stream/{streamId}/chat/messages", { query: { page: 2 } });

await client.call("GET /api/v1/live-stream/{streamId}/chat/messages", {
  // @ts-expect-error: the path names its part otherwise.
  path: { id: streamId },
});

// @ts-expect-error: no gift is refused so.
const refused: CodeOf<"POST /api/v1/gifts/create"> = "slow_mode";

// @ts-expect-error: the API has no such refusal.
new OvationError(409, []).code === "credits_to_low";

await client.call("POST /api/v1/users/me/photo", { body: { photo: new Blob([]) } });
await client.call("POST /api/v1/users/me/photo", { body: new FormData() });
// @ts-expect-error: a picture is sent as a file.
await client.call("POST /api/v1/users/me/photo");
// @ts-expect-error: a picture is a file, not its address.
await client.call("POST /api/v1/users/me/photo", { body: { photo: "https://a.example/b.png" } });

client.subscribe(streamId, {
  onEvent(event) {
    // @ts-expect-error: there is no such event.
    if (event.type === "superlike") return;
    // @ts-expect-error: only some events have a sender.
    event.data.sender;
    if (event.type === "gift.sent") event.data.sender.username.toUpperCase();
  },
  // @ts-expect-error: there is nothing of this name to hear.
  onMessage() {},
});

export { code, nothing, poll, refused, route, wrong };
