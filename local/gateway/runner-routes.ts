import { randomBytes, randomUUID } from "node:crypto";
import { BadRunnerRequest } from "../bad-runner-request.ts";
import { findHeader, type RestAnswer, type RestRequest } from "./rest-request.ts";
import { findAccessFault, listCorsHeaders } from "./runner-access.ts";

/**
 * A handler's input: the body, which is JSON or the fields of a form (undefined without one), the
 * query and the whole request.
 */
type RunnerRequest = { body: unknown; query: URLSearchParams; request: RestRequest };
type OwnAnswer = { status: number; body?: unknown; headers?: [string, string][] };
export type RunnerRoute = {
  method: string;
  /** An exact path such as `/local/cost`. */
  path: string;
  handler(request: RunnerRequest): OwnAnswer | Promise<OwnAnswer>;
};

/**
 * The runner's own routes, under /local/: tokens, faults, cost and other things that AWS has
 * elsewhere or not at all. Deployed stages do not have them.
 */
export type RunnerRoutes = {
  /** The `x-local-key` that callers from other machines must send; new in each run. */
  key: string;
  add(...routes: RunnerRoute[]): void;
  /** The response to a request under /local/; undefined for every other path. */
  answer(request: RestRequest): Promise<RestAnswer | undefined>;
};

const bodyBytesMax = 64 * 1024;
const formType = "application/x-www-form-urlencoded";

/** An empty table of own routes. */
export function createRunnerRoutes(): RunnerRoutes {
  const routes: RunnerRoute[] = [];
  const key = randomBytes(16).toString("base64url");
  return {
    key,
    add: (...added) => void routes.push(...added),
    async answer(request) {
      if (!request.path.startsWith("/local/")) return undefined;
      const fault = findAccessFault(request, key);
      if (fault !== undefined)
        return refuse(403, "request_blocked", ["Insufficient permissions", fault]);
      const answer = await answerKnown(request);
      answer?.headers.push(...listCorsHeaders(request));
      return answer;
    },
  };

  /** Undefined while there are no routes yet: the gateway then says that it is starting. */
  async function answerKnown(request: RestRequest): Promise<RestAnswer | undefined> {
    if (routes.length === 0) return undefined;
    if (request.method === "OPTIONS") return answerJson(204, undefined);
    const route = routes.find(
      ({ method, path }) => method === request.method && path === request.path,
    );
    if (route === undefined) return refuse(404, "route_not_found", ["Resource not found"]);
    return { ...(await answerRoute(route, request)), route: route.path };
  }

  async function answerRoute(route: RunnerRoute, request: RestRequest): Promise<RestAnswer> {
    if (request.isTooLarge || request.body.length > bodyBytesMax)
      return refuse(413, "body_too_large", ["Request body too large"]);
    try {
      const query = new URLSearchParams(request.query);
      const given = { body: readFields(request), query, request };
      const { status, body, headers } = await route.handler(given);
      return answerJson(status, body, headers);
    } catch (error) {
      if (error instanceof BadRunnerRequest)
        return refuse(400, "request_invalid", ["Validation failed", ...error.faults]);
      throw error;
    }
  }
}

/** A JSON response of the runner itself; without a body for `undefined`. */
export function answerJson(
  statusCode: number,
  body: unknown,
  headers: [string, string][] = [],
): RestAnswer {
  return {
    statusCode,
    headers: [
      ["Content-Type", "application/json"],
      ["Cache-Control", "no-store"],
      ["X-Content-Type-Options", "nosniff"],
      ["X-Request-Id", randomUUID()],
      ...headers,
    ],
    body: Buffer.from(body === undefined ? "" : JSON.stringify(body)),
    by: "runner",
  };
}

function refuse(statusCode: number, code: string, errors: string[]): RestAnswer {
  const timestamp = new Date().toISOString();
  const body = { isSuccess: false, statusCode, data: null, errors, timestamp, code };
  return answerJson(statusCode, body);
}

/** curl labels every body as a form, so text that looks like JSON is parsed as JSON. */
function readFields(request: RestRequest): unknown {
  const isForm = findHeader(request, "content-type")?.startsWith(formType);
  const text = request.body.toString("utf8");
  return isForm && !/^\s*[[{]/.test(text)
    ? Object.fromEntries(new URLSearchParams(text))
    : readJson(request);
}

function readJson(request: RestRequest): unknown {
  if (request.body.length === 0) return undefined;
  try {
    return JSON.parse(request.body.toString("utf8"));
  } catch {
    throw new BadRunnerRequest(["body: expected JSON"]);
  }
}
