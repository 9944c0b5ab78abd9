import { readFileSync } from "node:fs";
import { join } from "node:path";
import { demoPeople } from "../start/demo.ts";
import { defaultPort } from "../start/start-block.ts";
import { Failure, textOf, UsageError, type Values } from "./command.ts";
import { retry } from "./retry.ts";

/** The options for the server's URL and the calling user. */
export const targetOptions = {
  url: { type: "string" },
  "socket-url": { type: "string" },
  stage: { type: "string" },
  token: { type: "string" },
} as const;

/** The help text of `targetOptions`. */
export const targetHelp = `  --url URL        Ovation's URL (default: this machine, at PORT or ${defaultPort})
  --socket-url URL its WebSocket URL (default: /ws on the same host)
  --stage NAME     a stage that was deployed from this checkout
  --token JWT      the token to use, required for a deployed stage; or set
                   OVATION_TOKEN`;

/** The server to call. */
export type Target = {
  url: string;
  socketUrl: string;
  /** The token that was given, if any. */
  token: string | undefined;
  /**
   * A token for a user name. The runner issues one for any name, and the call waits while it
   * restarts; for a deployed stage it is the given token, whatever the name.
   */
  tokenOf(name: string): Promise<string>;
};

/** The output files of `npm run deploy`, by stage. */
export const outputsFileOf = (stage: string) =>
  join(import.meta.dirname, "../..", "cdk.out", `outputs-${stage}.json`);

/** Finds the system that the options name. Throws an error for the user if there is none. */
export function findTarget(values: Values): Target {
  const stage = textOf(values, "stage");
  const token = textOf(values, "token") ?? (process.env.OVATION_TOKEN || undefined);
  const url = textOf(values, "url");
  const socketUrl = textOf(values, "socket-url");
  const endpoints =
    stage === undefined || url !== undefined ? endpointsAt(url) : endpointsOf(stage);
  return {
    ...endpoints,
    ...(socketUrl !== undefined && { socketUrl }),
    token,
    async tokenOf(name) {
      if (token !== undefined) return token;
      if (stage === undefined && isLocal(endpoints.url))
        return await waitForToken(endpoints.url, name);
      throw new Failure("A deployed stage requires a token: set --token or OVATION_TOKEN.");
    },
  };
}

/** Whether a URL is on this machine. */
export const isLocal = (url: string): boolean =>
  /^(localhost|127\.[\d.]+|\[::1\])$/.test(new URL(url).hostname);

function endpointsAt(given: string | undefined): Pick<Target, "url" | "socketUrl"> {
  const url = given ?? `http://127.0.0.1:${process.env.PORT || defaultPort}`;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new UsageError(
      `--url: expected a URL such as http://127.0.0.1:${defaultPort}, found '${url}'`,
    );
  const base = url.replace(/\/+$/, "");
  return { url: base, socketUrl: `${base.replace(/^http/, "ws")}/ws` };
}

/** Each stack's outputs, as `cdk deploy --outputs-file` writes them. */
type Outputs = Record<string, Record<string, string>>;

function endpointsOf(stage: string): Pick<Target, "url" | "socketUrl"> {
  const outputs = readOutputs(stage);
  const { url, socketurl } = outputs[`ovation-${stage}-host`] ?? {};
  if (url !== undefined && socketurl !== undefined) return { url, socketUrl: socketurl };
  const find = (stack: string) =>
    Object.values(outputs[`ovation-${stage}-${stack}`] ?? {}).find((one) =>
      /^(https?|wss?):/.test(one),
    );
  const [http, sockets] = [find("http"), find("realtime")];
  if (http === undefined || sockets === undefined)
    throw new Failure(`${outputsFileOf(stage)} contains no URL: deploy ${stage} again.`);
  return { url: http.replace(/\/$/, ""), socketUrl: sockets };
}

/** The outputs that the latest deployment of a stage saved; throws if there are none. */
export function readOutputs(stage: string): Outputs {
  if (!/^[a-z0-9-]{1,32}$/.test(stage))
    throw new UsageError(`--stage: expected a stage's name, found '${stage}'`);
  try {
    return JSON.parse(readFileSync(outputsFileOf(stage), "utf8")) as Outputs;
  } catch {
    throw new Failure(
      `The URL of the stage ${stage} is unknown here: run npm run deploy -- ${stage}, or set --url.`,
    );
  }
}

/** The user to request from `POST /local/token`: a demo user, or any other. */
function personOf(name: string) {
  const known = demoPeople.find((person) => person.name === name);
  if (known === undefined) return { sub: name };
  const { sub, groups, claims } = known;
  return { sub, groups, claims };
}

/** No response, or a server error: the system may be starting or overloaded. */
class TransientFailure extends Failure {}

/** How long a command waits for a token. A restart takes 1 to 6 s, longer on a busy machine. */
const tokenMilliseconds = 20_000;

const waitForToken = (url: string, name: string): Promise<string> =>
  retry(
    () => mintToken(url, name),
    (error) => error instanceof TransientFailure,
    {
      milliseconds: tokenMilliseconds,
      onFirst: () => console.error(`No token from ${url} yet; retrying for 20 s.`),
    },
  );

async function mintToken(url: string, name: string): Promise<string> {
  const answer = await fetch(`${url}/local/token`, {
    method: "POST",
    body: JSON.stringify({ ...personOf(name), expiresIn: tokenSeconds }),
  }).catch(() => {
    throw new TransientFailure(
      `No response from ${url}. Start Ovation with "npm start", or set --url.`,
    );
  });
  const reply = (await answer.json().catch(() => ({}))) as { token?: string; errors?: string[] };
  if (reply.token !== undefined) return reply.token;
  const why = reply.errors?.join("; ") ?? "no token";
  const Kind = answer.status >= 500 ? TransientFailure : Failure;
  throw new Kind(`${url} issued no token: ${answer.status} ${why}`);
}

const tokenSeconds = 24 * 3600;
