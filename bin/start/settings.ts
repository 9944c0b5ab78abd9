import { statSync } from "node:fs";
import { isIP } from "node:net";
import * as z from "zod";

const choice = <const Names extends readonly [string, ...string[]]>(...names: Names) =>
  z.enum(names, { error: `one of ${names.join(", ")}` });

/** A path that cannot be read is accepted here: the start reports it. */
const isFolderOrNew = (path: string) => {
  try {
    return statSync(path).isDirectory();
  } catch {
    return true;
  }
};

/** A whole number of this form, at most `max`. */
const number = (form: RegExp, max: number, expected: string) =>
  z
    .string()
    .regex(form, expected)
    .transform(Number)
    .refine((value) => value <= max, expected);

const port = number(/^\d{1,5}$/, 65_535, "a port number, 0 to 65535 (0 takes a free one)");

/** Each setting with its default; messages describe the expected value. */
const settings = {
  PORT: port.default(4000),
  HOST: z
    .string()
    .refine((host) => isIP(host) !== 0, "an address of this machine, such as 0.0.0.0")
    .default("127.0.0.1"),
  /** Whether the stage has a relay; default: as in its settings. */
  RELAY: choice("on", "off").optional(),
  RELAY_PORT: port.optional(),
  DATA_DIR: z
    .string()
    .refine((path) => path === ":memory:" || isFolderOrNew(path), "a folder, or :memory:")
    .default(".data"),
  DEMO: choice("on", "off").default("on"),
  STAGE: choice("dev", "prod").default("dev"),
  LOG: choice("text", "json", "off").default("text"),
  /** The AWS clients in the functions' bundles, see bin/build/build.ts. */
  AWS_CLIENT: choice("own", "sdk").default("own"),
  /** Whether to reload changed sources; default: only under `npm start`. */
  WATCH: choice("on", "off").optional(),
  /** The price of a superlike, in whole credits; default: the stage's. */
  SUPERLIKE_PRICE: number(
    /^[1-9]\d{0,9}$/,
    1_000_000_000,
    "whole credits, 1 to 1000000000",
  ).optional(),
  TENCENT_SECRET_KEY: z
    .string()
    .regex(/^[\x21-\x7e]{16,128}$/, "16 to 128 printable ASCII characters without a space")
    .optional(),
  TENCENT_CALLBACK_KEY: z
    .string()
    .regex(/^[A-Za-z0-9_-]{16,128}$/, "16 to 128 letters, digits, _ and -")
    .optional(),
  DYNAMODB_ENDPOINT: z
    .url({ protocol: /^https?$/, error: "an http or https URL, such as http://127.0.0.1:8000" })
    .optional(),
};

/** The names of all settings. */
export const settingNames = Object.keys(settings);

export type Settings = { [Name in keyof typeof settings]: z.output<(typeof settings)[Name]> };

/** The CDK app's context, besides the stage's name. */
export const contextOf = ({ RELAY, SUPERLIKE_PRICE }: Settings): Record<string, string> => ({
  ...(RELAY && { relay: RELAY }),
  ...(SUPERLIKE_PRICE && { superlikePrice: `${SUPERLIKE_PRICE}` }),
});

/** Settings whose values are never printed, only their length. */
const secretNames = new Set(["TENCENT_SECRET_KEY", "TENCENT_CALLBACK_KEY"]);

/**
 * The settings of the one-machine runner, from the environment, or a sentence for each wrong one:
 * its name, what was expected, what was found. An empty variable counts as one that is not set.
 */
export function readSettings(
  environment: Record<string, string | undefined>,
): { settings: Settings } | { faults: string[] } {
  const faults: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(settings)) {
    const found = environment[name] || undefined;
    const checked = schema.safeParse(found);
    if (checked.success) values[name] = checked.data;
    else
      faults.push(`${name}: expected ${messageOf(checked.error)}, found ${describe(name, found)}`);
  }
  return faults.length > 0 ? { faults } : { settings: values as Settings };
}

function describe(name: string, found = ""): string {
  return secretNames.has(name) ? `${found.length} characters` : JSON.stringify(found);
}

function messageOf(error: z.ZodError): string {
  return error.issues[0]?.message ?? "another value";
}
