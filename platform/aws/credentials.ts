/**
 * A function's credentials, which Lambda passes in the environment. In bundles with the SDK's
 * clients, bin/build/build.ts uses this instead of the SDK's chain of providers, which reads files,
 * SSO and instance metadata that Lambda does not have, and is a quarter of a bundle.
 */
export { fromEnv as defaultProvider } from "@aws-sdk/credential-provider-env";
