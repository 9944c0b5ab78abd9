import { answerOf, open } from "./request.ts";

/**
 * Gets a file from a URL that a user gave: at most `bytesMax` bytes, within 10 s. Returns the
 * status and the bytes. Throws as `open` and `answerOf` do. Content encodings are not decoded: none
 * was requested.
 */
export async function getFile(
  destination: string,
  { accept, bytesMax }: { accept: string; bytesMax: number },
): Promise<{ status: number; bytes: Uint8Array<ArrayBuffer> }> {
  const headers = { accept, "accept-encoding": "identity", "user-agent": "ovation" };
  const request = open(destination, { method: "GET", headers });
  const { status, body } = await answerOf(request, undefined, bytesMax);
  return { status, bytes: body };
}
