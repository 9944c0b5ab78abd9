import packageJson from "../../package.json" with { type: "json" };

/** A demo user with a token, which is valid for a day. */
export type DemoUser = { name: string; sub: string; token: string; says: string };

/** The facts that a start prints when the system is ready. */
export type StartFacts = {
  url: string;
  /** The URL of the stage's relay, if it has one. */
  relayUrl?: string | undefined;
  stage: string;
  dataDir: string;
  milliseconds: number;
  users: DemoUser[];
  /** The ids of the demo data; undefined if the table does not have it. */
  demo: { streamId: string; giftTypeId: string } | undefined;
  sdkAppId: string;
  secretKey: string;
  /** The key in the URL for Tencent's callbacks. */
  callbackKey: string;
  /**
   * URLs for other machines, and the key for `/local`; undefined if the system is not reachable.
   */
  network: { urls: string[]; localKey: string } | undefined;
  /** Whether a user can press keys. */
  hasKeys: boolean;
};

/** The port that commands use by default. */
export const defaultPort = 4000;

/**
 * The text shown when the system is ready: addresses, users, and first steps, in at most 24 lines.
 * Lines without URLs fit 80 columns, and none is wrapped. Every line that starts with `curl` or
 * `npm` works when pasted alone in the checkout.
 */
export function formatStartBlock(facts: StartFacts): string {
  const { stage } = facts;
  const { studio, overlay, api, documentation, ...others } = addressesOf(facts);
  const { socket, tencent, callbackUrl } = others;
  const seconds = (facts.milliseconds / 1000).toFixed(1);
  const keys = facts.hasKeys ? "h lists the keys, " : "";
  return [
    `  Ovation ${packageJson.version} is ready in ${seconds} s (stage ${stage})`,
    "",
    ...(studio ? [`  Studio     ${studio}`] : []),
    `  Overlay    ${overlay}   for OBS${studio ? "; keys are in Studio" : ""}`,
    `  API        ${api}`,
    `  Reference  ${documentation}   also /openapi.json, /asyncapi.json`,
    `  WebSocket  ${socket}`,
    ...(facts.relayUrl === undefined ? [] : [`  Relay      ${facts.relayUrl}`]),
    `  Tencent    ${tencent}   sdkappid ${facts.sdkAppId}, admin administrator`,
    `  secret key ${facts.secretKey}`,
    `  Callback   ${callbackUrl}`,
    ...describeNetwork(facts.network),
    ...describeDemo(facts),
    `  Data       ${facts.dataDir}`,
    "",
    "  Try in another terminal, each line by itself:",
    ...linesToTry(facts),
    `  ${keys}Ctrl-C stops the system; its data is kept.`,
  ].join("\n");
}

/** The facts of a start as data, with the addresses and the lines to try. */
export function describeStart(facts: StartFacts): Record<string, unknown> {
  const { network, secretKey, sdkAppId, demo, hasKeys: _, ...others } = facts;
  const { url } = facts;
  return {
    version: packageJson.version,
    ...others,
    streamId: demo?.streamId ?? null,
    giftTypeId: demo?.giftTypeId ?? null,
    ...addressesOf(facts),
    openapi: `${url}/openapi.json`,
    asyncapi: `${url}/asyncapi.json`,
    tencent: { url: `${url}/v4`, sdkAppId, administrator: "administrator", secretKey },
    networkUrls: network?.urls ?? [],
    localKey: network?.localKey ?? null,
    try: linesToTry(facts),
  };
}

function addressesOf({ url, stage, demo, callbackKey, network }: StartFacts) {
  // A container's published port is reached from its bridge: another machine, which needs the key.
  const fragment = network === undefined ? "" : `#key=${network.localKey}`;
  return {
    // Other stages have no Studio.
    studio: stage === "dev" ? `${url}/${fragment}` : null,
    // The demo; for a real stream, append the stream's id and key.
    overlay: `${url}/overlay?demo=1`,
    api: `${url}/api/v1`,
    documentation: `${url}/docs`,
    socket: `${url.replace("http", "ws")}/ws?token=TOKEN${demo ? `&streamId=${demo.streamId}` : ""}`,
    tencent: `${url}/v4`,
    callbackUrl: `${url}/tencent/callback?key=${callbackKey}`,
  };
}

function describeDemo({ users: [john, host], demo }: StartFacts): string[] {
  if (demo === undefined) return [];
  return [
    `  Users      ${john?.name} ${john?.sub}, host ${host?.sub},`,
    `             admin, user1, user2; gift type ${demo.giftTypeId}`,
  ];
}

const describeNetwork = (network: StartFacts["network"]): string[] =>
  network === undefined
    ? []
    : [
        `  Network    ${network.urls.join("   ")}`,
        `             from there /local needs x-local-key: ${network.localKey}`,
      ];

function linesToTry({ url, demo }: StartFacts): string[] {
  const streams = `${url}/api/v1/live-stream`;
  const stream = `${streams}/${demo?.streamId}`;
  // The commands use the default port anyway.
  const isDefault = new URL(url).port === String(defaultPort);
  const as = (user: string) =>
    `--oauth2-bearer $(npm run -s token -- ${user}${isDefault ? "" : ` ${url}`})`;
  const asJohn = as("johndoe");
  if (demo === undefined)
    return [
      `curl ${url}/health`,
      `curl --json '{"sub":"ann","credits":500}' ${url}/local/token`,
      `curl --json '{"title":"Mine"}' ${as("ann")} ${streams}/create`,
      `curl ${as("ann")} ${url}/api/v1/wallet`,
    ];
  return [
    `curl ${url}/health`,
    `curl --json '{"content":"Hi"}' ${asJohn} ${stream}/chat/messages`,
    `curl -X POST ${asJohn} ${stream}/chat/superlike`,
    `curl ${asJohn} ${url}/api/v1/wallet`,
    `curl --json '{"sub":"ann","credits":500}' ${url}/local/token`,
    `npm run -s trigger -- gift --count 5${isDefault ? "" : ` --url ${url}`}`,
  ];
}
