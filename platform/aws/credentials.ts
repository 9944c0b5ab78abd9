/**
 * Where a function's credentials come from: Lambda gives them in the environment.
 * bin/build/build.ts puts this instead of the SDK's chain of providers, which asks files, SSO and
 * instance metadata that Lambda does not have, and is a quarter of a bundle.
 */
export { fromEnv as defaultProvider } from "@aws-sdk/credential-provider-env";
