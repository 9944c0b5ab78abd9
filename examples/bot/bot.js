import { createClient, OvationError } from "@ovation/client";

const url = process.env.OVATION_URL ?? "http://127.0.0.1:4000";
const streamId = process.env.STREAM_ID ?? "64d15f9e2e6c8f4d5a123000";

/** Returns the bot's token; /local/token exists only on a local system. */
async function fetchToken() {
  if (process.env.OVATION_TOKEN) return process.env.OVATION_TOKEN;
  const claims = { preferred_username: "bot" };
  const body = JSON.stringify({ sub: "bot", claims });
  const answer = await fetch(`${url}/local/token`, { method: "POST", body });
  if (!answer.ok) throw new Error(`No token: ${answer.status}`);
  return (await answer.json()).token;
}

const client = createClient({
  url,
  token: fetchToken,
  onError: (error) => console.error(error.message),
  onState: (state, reason) => console.error(reason ? `${state}: ${reason}` : state),
});

/** Sends a message with its own idempotency key, so that a retry does not send it twice. */
async function say(content, key) {
  try {
    await client.sendMessage(streamId, content, key);
    console.log(content);
  } catch (error) {
    // If the bot is muted or sends too fast, it keeps listening.
    if (!(error instanceof OvationError)) throw error;
    console.error(`Not said (${error.code ?? error.statusCode}): ${error.message}`);
  }
}

async function listTop() {
  const top = await client.call("GET /api/v1/live-stream/{streamId}/leaderboard", {
    path: { streamId },
    query: { limit: 3 },
  });
  if (top.length === 0) return "Nobody has given anything yet.";
  return top.map(({ user, credits }, at) => `${at + 1}. ${user.username} ${credits}`).join(" · ");
}

async function answer({ id, type, data }) {
  // Thank once for a combo of gifts, when it ends.
  if (type === "combo.ended")
    await say(`Thank you for ${data.count} × ${data.giftType.name}, ${data.sender.username}!`, id);
  if (type === "chat.message" && data.content === "!top") await say(await listTop(), id);
}

const stream = client.subscribe(streamId, {
  onEvent: (event) => answer(event).catch((error) => console.error(error.message)),
  onEnd: (reason, statusCode) => {
    // 0 if we closed it ourselves; any other end is an error.
    if (reason !== "closed") process.exitCode = 1;
    console.error(`over: ${reason} ${statusCode ?? ""}`);
  },
});
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => client.close());
await stream.ready;
console.log("The bot listens.");
