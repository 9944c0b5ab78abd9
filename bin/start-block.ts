import packageJson from "../package.json" with { type: "json" };

/** A demo user with a token. */
export type DemoUser = { name: string; sub: string; token: string; says: string };

type StartBlock = {
  url: string;
  stage: string;
  dataDir: string;
  milliseconds: number;
  users: DemoUser[];
  streamId: string;
  giftTypeId: string;
  sdkAppId: string;
  secretKey: string;
  /** Other machines may call `/local` with it; undefined when none can reach the system. */
  localKey: string | undefined;
};

/**
 * What a person sees when the system is up: its addresses, its users, and what to try first, in at
 * most 25 lines. Every line that begins with `curl` works when it is pasted alone.
 */
export function formatStartBlock(block: StartBlock): string {
  const { url, users, streamId } = block;
  const socket = url.replace("http", "ws");
  const seconds = (block.milliseconds / 1000).toFixed(1);
  const token = users[0]?.token ?? "TOKEN";
  const post = (path: string, body?: unknown) => {
    const json = ` -H 'Content-Type: application/json' -d '${JSON.stringify(body)}'`;
    return `curl -X POST '${url}${path}' -H 'Authorization: Bearer ${token}'${body ? json : ""}`;
  };
  const gift = { giftTypeId: block.giftTypeId, liveStreamId: streamId };
  return [
    "",
    `  Ovation ${packageJson.version} is ready in ${seconds} s (stage ${block.stage}, data in ${block.dataDir})`,
    "",
    ...(block.stage === "dev" ? [`  Studio     ${url}/`] : []),
    `  HTTP       ${url}/api/v1   reference ${url}/docs, ${url}/openapi.json`,
    `  WebSocket  ${socket}/ws?token=TOKEN&streamId=${streamId}   reference ${url}/asyncapi.json`,
    `  Tencent    ${url}/v4   sdkappid ${block.sdkAppId}, admin administrator, secret key ${block.secretKey}`,
    ...(block.localKey
      ? [`  From other machines, /local needs x-local-key: ${block.localKey}`]
      : []),
    "",
    ...users.map(({ name, sub, says, token: own }) => `  ${name} ${sub} (${says})\n  ${own}`),
    "",
    "  Try, each line by itself:",
    `curl '${url}/health'`,
    post(`/api/v1/live-stream/${streamId}/chat/messages`, { content: "Hello" }),
    post("/api/v1/gifts/create", gift),
    post(`/api/v1/live-stream/${streamId}/chat/superlike`),
    `curl -X POST '${url}/local/token' -H 'Content-Type: application/json' -d '{"sub":"ann","groups":["admin"]}'`,
    "",
    "  Tokens are valid for 24 hours. Ctrl-C ends the system; its data stays.",
    "",
  ].join("\n");
}
