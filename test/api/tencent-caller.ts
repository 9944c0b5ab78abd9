import { makeUserSig } from "../platform/tencent/sign.ts";
import { type Answer, call } from "./people.ts";

const sdkAppId = 1400000001;

/** The key of the stage's Tencent application; it must be given for a deployed stage. */
export const secretKey = () => process.env.TENCENT_SECRET_KEY!;

/** The administrator's query, with parts of it replaced. */
export function tencentQuery(changes: Record<string, string> = {}): string {
  return new URLSearchParams({
    sdkappid: String(sdkAppId),
    identifier: "administrator",
    usersig: makeUserSig({ secretKey: secretKey(), sdkAppId }),
    random: "99999999",
    contenttype: "json",
    ...changes,
  }).toString();
}

type Calling = {
  service?: string;
  query?: string;
  key?: string;
  raw?: string | Uint8Array<ArrayBuffer>;
};

/** One command of the Tencent API, such as `send_gift`. */
export function tencent(command: string, body: unknown, calling: Calling = {}): Promise<Answer> {
  const { service = "live_engine_http_srv", query = tencentQuery(), key, raw } = calling;
  const route = `POST /v4/${service}/${command}?${query}`;
  return call(route, {
    body,
    ...(raw !== undefined && { raw }),
    ...(key !== undefined && { key }),
  });
}

/** A command limited to once a second: repeated until it is admitted. */
export async function tencentRested(command: string, body: unknown): Promise<Answer> {
  for (;;) {
    const answer = await tencent(command, body);
    if (answer.body.ErrorCode !== 100012) return answer;
    await new Promise((done) => setTimeout(done, 200));
  }
}
