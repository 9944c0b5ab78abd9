/** A trailing slash: a REST API calls the function of the path without it, which answers 404. */
import { describe, expect, jest, test } from "@jest/globals";
import type { APIGatewayProxyEvent, Context } from "aws-lambda";
import * as z from "zod";
import { handler as unknownRoute } from "../../../functions/app/not-found.ts";
import { handler as unknownCommand } from "../../../functions/tencent/unknown.ts";
import { document } from "../../../platform/http/document.ts";
import { download } from "../../../platform/http/download.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { command } from "../../../platform/tencent/command.ts";
import { receiver } from "../../../platform/tencent/receiver.ts";

process.env.ORIGINS = "*";

const handle = jest.fn<() => Promise<undefined>>();
const declared = { summary: "Test", tag: "App", refusals: [], grants: {} } as const;
const answer = [200, z.undefined()] as const;
const anyone = { caller: "anyone", answer, cost: { kilobytes: 1 } } as const;

const open = endpoint({ ...declared, ...anyone, route: "GET /test" }, handle);
const own = endpoint({ ...declared, ...anyone, caller: "user", route: "POST /test" }, handle);
const text = document(
  { ...declared, route: "GET /test", answer: [200, z.string()], cost: { kilobytes: 1 } },
  () => ({ body: "text" }),
);
const file = download({ ...declared, path: "/{name}", largeNames: "f" }, handle);
const ordered = command({ ...declared, command: "service/test" }, handle);
const told = receiver({ ...declared, path: "/callback", takes: {} }, {});

const eventOf = (httpMethod: string, path: string) =>
  ({
    httpMethod,
    path,
    headers: {},
    body: "{",
    pathParameters: { name: "one" },
    multiValueQueryStringParameters: { a: ["1", "2"] },
    requestContext: { requestId: "request" },
  }) as unknown as APIGatewayProxyEvent;

type Answer = { statusCode: number; headers?: object; body: string };
type Handler = (event: APIGatewayProxyEvent, context: Context) => Promise<Answer>;

/** The answer of a function without what differs between two calls. */
async function answerOf(handler: unknown, event: APIGatewayProxyEvent) {
  const { statusCode, headers, body } = await (handler as Handler)(event, {} as Context);
  const { timestamp: _, RequestId: __, ...rest } = JSON.parse(body);
  return { statusCode, headers, body: rest };
}

describe("a path with a trailing slash", () => {
  test.each([
    ["a route of anyone", open.handler, "GET", "/test/", unknownRoute],
    ["a route of users", own.handler, "POST", "/test/", unknownRoute],
    ["a document", text.handler, "GET", "/test/", unknownRoute],
    ["a picture", file.handler, "GET", "/one/", unknownRoute],
    ["a command", ordered.handler, "POST", "/service/test/", unknownCommand],
  ])("is answered like an unknown one (%s)", async (_, handler, method, path, unknown) => {
    const event = eventOf(method, path);
    const found = await answerOf(handler, event);
    expect(found).toEqual(await answerOf(unknown, event));
    expect(JSON.stringify(found.headers)).toMatch(/"(route_not_found|command_unknown)"/);
    expect(handle).not.toHaveBeenCalled();
  });

  test("is no callback", async () => {
    const found = await answerOf(told.handler, eventOf("POST", "/callback/"));
    expect(found).toMatchObject({
      statusCode: 200,
      headers: { "x-error-code": "command_unknown" },
      body: { ActionStatus: "FAIL", ErrorInfo: expect.stringContaining("/callback/") },
    });
  });
});
