import type { Transport } from "../../platform/aws/aws-client.ts";

/** Answers one call; what it throws becomes the service's refusal. */
// biome-ignore lint/suspicious/noExplicitAny: each service has inputs of its own
type Answer = (operation: string, input: any) => unknown;

const services = new Map<string, Answer>();

/**
 * Answers an AWS service's calls without a socket, once the file has its table (table.ts), until
 * another file of the process answers the same service. The name is that in `x-amz-target`, such as
 * `AmazonSQS`.
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
