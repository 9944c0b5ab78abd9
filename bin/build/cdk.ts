import { devNull } from "node:os";
import { delimiter, join } from "node:path";
import cdkJson from "../../cdk.json" with { type: "json" };
import { separateBundlesFlag } from "../../lib/stages/names.ts";

const root = join(import.meta.dirname, "../..");
const binaries = join(root, "node_modules/.bin");

/**
 * Prevents CDK from looking up the caller's AWS account, which no template needs. Without any
 * credentials CDK would try the metadata service of EC2.
 */
const anonymous = {
  AWS_ACCESS_KEY_ID: undefined,
  AWS_SECRET_ACCESS_KEY: undefined,
  AWS_SESSION_TOKEN: undefined,
  AWS_PROFILE: undefined,
  AWS_DEFAULT_PROFILE: undefined,
  AWS_WEB_IDENTITY_TOKEN_FILE: undefined,
  AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: undefined,
  AWS_CONTAINER_CREDENTIALS_FULL_URI: undefined,
  AWS_CONFIG_FILE: devNull,
  AWS_SHARED_CREDENTIALS_FILE: devNull,
  AWS_EC2_METADATA_DISABLED: "true",
};

/**
 * How to run `cdk` on this Node: program, arguments and environment, without telemetry or notices.
 * `synth` runs without credentials and network access; `deploy` and `destroy` have the caller's
 * credentials and call only AWS.
 */
export function cdkCommand(command: "synth" | "deploy" | "destroy", options: readonly string[]) {
  return {
    program: process.execPath,
    given: [join(root, "node_modules/aws-cdk/bin/cdk"), command, "--no-notices", ...options],
    env: {
      ...process.env,
      // `node` in cdk.json must be this Node, even if npm did not start it.
      PATH: `${binaries}${delimiter}${process.env.PATH}`,
      CDK_DISABLE_CLI_TELEMETRY: "true",
      CDK_DISABLE_VERSION_CHECK: "true",
      ...(command === "synth" && anonymous),
    },
  };
}

/**
 * The environment in which bin/app.ts itself synthesizes a stage, with the context that `cdk synth`
 * would pass: `npm start` skips that command, which takes a second to load, and also cdk-nag and
 * the bundles.
 */
export const appEnvironment = (
  context: { stage: string } & Record<string, string>,
  directory: string,
): NodeJS.ProcessEnv => ({
  ...anonymous,
  CDK_OUTDIR: directory,
  CDK_VALIDATION: "false",
  CDK_CONTEXT_JSON: JSON.stringify({
    ...cdkJson.context,
    ...context,
    "aws:cdk:enable-path-metadata": true,
    "aws:cdk:enable-asset-metadata": true,
    "aws:cdk:disable-version-reporting": true,
    "aws:cdk:bundling-stacks": ["**"],
    "@aws-cdk/core:failSynthOnValidationErrors": false,
    [separateBundlesFlag]: true,
  }),
});

/** The context value `-c key=value` in options of `cdk`, in any spelling; the last one wins. */
export function contextOf(options: readonly string[], key: string): string | undefined {
  const pairs = options.flatMap((option, at) => {
    if (option === "-c" || option === "--context") return [options[at + 1] ?? ""];
    return /^(?:--context=|-c=?)(.+)$/s.exec(option)?.slice(1) ?? [];
  });
  return pairs.findLast((pair) => pair.startsWith(`${key}=`))?.slice(key.length + 1);
}

/** The credentials' profile in options of `cdk`, in either spelling; the last one wins. */
export function profileOf(options: readonly string[]): string | undefined {
  const names = options.flatMap((option, at) => {
    if (option === "--profile") return options[at + 1] ?? [];
    return /^--profile=(.+)$/.exec(option)?.slice(1) ?? [];
  });
  return names.at(-1);
}
