import { isIP } from "node:net";
import * as z from "zod";
import { httpsUrl, text } from "../../domain/text.ts";
import { setting } from "../runtime/env.ts";
import { isPublicAddress } from "./addresses.ts";

/** Whether this is the one-machine runner, whose receivers may be on the same machine. */
const isRunner = () => setting("LOCAL") === "on";

/** The only spellings of this machine that the runner accepts. */
const loopback = /^http:\/\/(127\.0\.0\.1|localhost)(:\d{1,5})?(?=[/?#]|$)/;

/** Whether a URL leads to the runner's own machine, in an accepted spelling. */
export const isLoopback = (text: string, onRunner = isRunner()) => onRunner && loopback.test(text);

/** A URL's host without the brackets of an IPv6 address. */
const hostOf = (url: URL) => url.hostname.replace(/^\[|\]$/g, "");

const expected = (onRunner: boolean) =>
  onRunner
    ? "expected an https URL on port 443, or http to 127.0.0.1 or localhost"
    : "expected an https URL on port 443";

/**
 * Why a URL configured by a customer must not be called, as far as the URL itself shows it;
 * undefined if it may. The addresses of its host name are checked at each connection.
 */
export function destinationProblem(text: string, onRunner = isRunner()): string | undefined {
  // URL ignores tabs and line ends, reads a backslash as a slash, and needs no two slashes; other
  // parsers do not.
  const [, authority] = /^https?:\/\/([^/?#]+)/i.exec(text) ?? [];
  if (authority === undefined || /[\s\\]/.test(text) || !URL.canParse(text))
    return expected(onRunner);
  if (authority.includes("@")) return "expected a URL without credentials";
  const url = new URL(text);
  if (isLoopback(text, onRunner)) return undefined;
  if (url.protocol !== "https:" || url.port !== "") return expected(onRunner);
  const host = hostOf(url);
  // A trailing dot (the root's) does not make it another host.
  const isOwnName = /(^|\.)localhost\.?$/.test(host);
  if (isOwnName || (isIP(host) !== 0 && !isPublicAddress(host)))
    return "expected a host of the open Internet";
  return undefined;
}

/**
 * A URL that our servers will call: https on port 443, no credentials, at most 500 characters, and
 * not recognizably internal. Names are not resolved here, so one that does not resolve is accepted.
 */
export const DestinationUrl = text(1, 500)
  .superRefine((url, context) => {
    const problem = destinationProblem(url);
    if (problem !== undefined) context.addIssue({ code: "custom", message: problem });
  })
  .meta({
    description: "An https URL on port 443 of a public host; on one machine also http to localhost",
    format: "uri",
    minLength: 1,
    maxLength: 500,
    pattern: "^https?://",
    example: "https://hooks.example.com/ovation",
  });

const pictureProblem = "expected an https URL";

/**
 * A URL from which a user's picture will be fetched: https, as `httpsUrl`. The runner may fetch
 * from its own machine.
 */
export const PictureUrl = z
  .string({ error: pictureProblem })
  .max(500, "expected at most 500 characters")
  .refine((text) => isLoopback(text) || httpsUrl.safeParse(text).success, pictureProblem)
  .meta({ ...httpsUrl.meta() });
