/** Size limits of a bundle: larger ones have measurably slower cold starts. */
const bytesMax = { own: 360 * 1024, sdk: 480 * 1024 };

/**
 * Bundles that contain a complete API description or all guides. Their larger limit is acceptable:
 * text loads faster than code, and no user-facing call waits for these functions.
 */
const describing = { names: ["app-openapi", "app-docs-guides"], bytesMax: 1024 * 1024 };

/** The AWS clients in the bundles: `own` (platform/aws) or `sdk` (the AWS SDK's). */
export type AwsClient = keyof typeof bytesMax;

/** Throws if a bundle exceeds its limit. */
export function checkSizes(sizes: Record<string, number>, client: AwsClient): void {
  const nameOf = (file: string) => file.split("/").slice(-2)[0]!;
  const mostOf = (file: string) => {
    if (describing.names.includes(nameOf(file))) return describing.bytesMax;
    // The relay has several functions and a WebSocket server, but starts once and runs for days.
    return nameOf(file) === "relay" ? 1.25 * bytesMax[client] : bytesMax[client];
  };
  const large = Object.entries(sizes).filter(([file, bytes]) => bytes > mostOf(file));
  if (large.length === 0) return;
  const named = large.map(([file, bytes]) => `${nameOf(file)} ${bytes} of ${mostOf(file)}`);
  throw new Error(`Bundles exceed their size limit: ${named.join(", ")}`);
}
