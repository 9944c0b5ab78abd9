import { answerOf, open } from "./request.ts";

/**
 * Gets a file from a URL that a user gave, of at most `bytesMax` bytes and within 10 s, and answers
 * the status and the bytes. Throws as `open` and `answerOf` do. What was sent in a content encoding
 * is not decoded: none was asked for.
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
