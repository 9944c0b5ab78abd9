import { readBody, send } from "./request.ts";

/**
 * Gets a file from a URL that a user gave: at most `bytesMax` bytes, within 10 s. Returns the
 * status and the bytes. Throws as `send` and `readBody` do. Content encodings are not decoded: none
 * was requested.
 */
export async function getFile(
  destination: string,
  { accept, bytesMax }: { accept: string; bytesMax: number },
): Promise<{ status: number; bytes: Uint8Array<ArrayBuffer> }> {
  const headers = { accept, "accept-encoding": "identity", "user-agent": "ovation" };
  const response = await send(destination, { method: "GET", headers });
  return { status: response.statusCode ?? 0, bytes: await readBody(response, bytesMax) };
}
