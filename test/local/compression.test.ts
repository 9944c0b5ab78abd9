import { gunzipSync, inflateSync } from "node:zlib";
import { compressAnswer } from "../../local/gateway/compression.ts";
import { findHeader, type RestAnswer } from "../../local/gateway/rest-request.ts";

const text = "x".repeat(2_000);
const answerOf = (headers: RestAnswer["headers"] = []): RestAnswer => ({
  statusCode: 200,
  headers,
  body: Buffer.from(text),
  by: "test",
});

/** The coding of a response to a client that accepts this, and its decoded text. */
async function sendTo(accepted: string | undefined, answer = answerOf(), minimumBytes = 1_000) {
  const headers: RestAnswer["headers"] =
    accepted === undefined ? [] : [["Accept-Encoding", accepted]];
  const sent = await compressAnswer(answer, { headers }, minimumBytes);
  const coding = findHeader(sent, "content-encoding") ?? "no coding";
  const decode = { gzip: gunzipSync, deflate: inflateSync }[coding];
  return [coding, (decode ? decode(sent.body) : sent.body).toString() === text];
}

test.each([
  ["gzip, deflate, br", "gzip"],
  ["deflate", "deflate"],
  ["gzip;q=0.5, deflate;q=0.9", "deflate"],
  ["*", "gzip"],
  ["GZIP", "gzip"],
  ["gzip;q=0", "no coding"],
  ["*;q=0", "no coding"],
  ["br", "no coding"],
  ["", "no coding"],
  [undefined, "no coding"],
])("a client that accepts %j gets its response in %s", async (accepted, coding) => {
  expect(await sendTo(accepted)).toEqual([coding, true]);
});

test("a short response, and one that is encoded already, are sent as they are", async () => {
  expect(await sendTo("gzip", answerOf(), 2_001)).toEqual(["no coding", true]);
  expect(await sendTo("gzip", answerOf([["content-encoding", "br"]]))).toEqual(["br", true]);
});
