import type { Transport } from "../../platform/aws/transport.ts";

/** Answers one call; what it throws becomes the service's refusal. */
// biome-ignore lint/suspicious/noExplicitAny: each service has inputs of its own
type Answer = (operation: string, input: any) => unknown;

const services = new Map<string, Answer>();

/**
 * Answers the calls of an AWS service, named as in `x-amz-target`, without a socket: those of the
 * files with a table (table.ts), until another file of the process answers them.
 */
export const answerService = (name: string, answer: Answer) => void services.set(name, answer);

/** The response of a service that a test answers; undefined for the others. */
export function answerFor({
  headers,
  body,
}: Parameters<Transport>[0]): Awaited<ReturnType<Transport>> | undefined {
  const [service = "", operation = ""] = (headers["x-amz-target"] ?? "").split(".");
  const answer = services.get(service);
  if (answer === undefined) return undefined;
  try {
    const output = JSON.stringify(answer(operation, JSON.parse(String(body))));
    return { status: 200, headers: {}, body: output };
  } catch (error) {
    const failure = { __type: "AccessDenied", message: String(error) };
    return { status: 400, headers: {}, body: JSON.stringify(failure) };
  }
}
