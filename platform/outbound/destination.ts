import { isIP } from "node:net";
import { byteText } from "../../domain/text.ts";
import { setting } from "../runtime/env.ts";
import { isPublicAddress } from "./addresses.ts";

/** True on the one-machine runner, whose receivers may be on the machine too. */
const isRunner = () => setting("LOCAL") === "on";

/** The spellings of this machine that the runner accepts; no other leads there. */
const loopback = /^http:\/\/(127\.0\.0\.1|localhost)(:\d{1,5})?(?=[/?#]|$)/;

/** True for a URL to the runner's own machine, spelled as it has to be. */
export const isLoopback = (text: string, onRunner = isRunner()) => onRunner && loopback.test(text);

/** A URL's host without the brackets of an IPv6 address. */
const hostOf = (url: URL) => url.hostname.replace(/^\[|\]$/g, "");

const expected = (onRunner: boolean) =>
  onRunner
    ? "expected an https URL on port 443, or http to 127.0.0.1 or localhost"
    : "expected an https URL on port 443";

/**
 * Why a URL that a customer configured must not be called, as far as the URL itself shows it;
 * undefined where it may be. What its name resolves to is checked at each connection.
 */
export function destinationProblem(text: string, onRunner = isRunner()): string | undefined {
  // URL skips tabs and line ends and reads a backslash as a slash; others read them otherwise.
  if (/[\s\\]/.test(text) || !URL.canParse(text)) return expected(onRunner);
  const url = new URL(text);
  if (url.username !== "" || url.password !== "") return "expected a URL without credentials";
  if (isLoopback(text, onRunner)) return undefined;
  if (url.protocol !== "https:" || url.port !== "") return expected(onRunner);
  const host = hostOf(url);
  // A final dot, the root's, does not make it another host.
  const isOwnName = /(^|\.)localhost\.?$/.test(host);
  if (isOwnName || (isIP(host) !== 0 && !isPublicAddress(host)))
    return "expected a host of the open Internet";
  return undefined;
}

/**
 * A URL that servers of ours will call: https on port 443, no credentials, at most 500 bytes, not
 * visibly inside a network. No name is looked up, so one that does not resolve is taken.
 */
export const DestinationUrl = byteText(1, 500)
  .superRefine((text, context) => {
    const problem = destinationProblem(text);
    if (problem !== undefined) context.addIssue({ code: "custom", message: problem });
  })
  .meta({
    format: "uri",
    minLength: 1,
    maxLength: 500,
    pattern: "^https?://",
    example: "https://hooks.example.com/ovation",
  });
