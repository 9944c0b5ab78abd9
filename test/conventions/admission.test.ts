import { expect, test } from "@jest/globals";
import { type Source, sourcesOf } from "./sources.ts";

/** The functions that check whether the caller may see, moderate or host a stream. */
const admitted =
  /\b(getVisibleStream|getStreamWithoutPass|getPublicStream|getCrowdedStream|getModeratedStream|getHostedStream|getStreamToBanFrom|assertMayManageBan|assertMayHost|getGiver|admitToChat|subscribe)\(/;

/** Endpoints that only read a stream's money, for admins: they refuse all other callers. */
const isForAdmins = ({ text }: Pick<Source, "text">) => text.includes('caller: "admin"');

/** Endpoints of a stream with another check, and the reason. */
const others: Record<string, string> = {
  "functions/streams/join-as-creator.ts": "the host alone goes live, nobody in their place",
};

/** Whether a contract can refuse with "no such stream": then it reads one for its caller. */
const readsStream = ({ text }: Source) =>
  /"stream_not_found"|giftRefusals/.test(text) && /\bendpoint\(/.test(text);

const isUnasked = (source: Source) => readsStream(source) && !admitted.test(source.text);

test("every HTTP route of a stream checks admission first, or is listed with a reason", () => {
  const found = sourcesOf("functions").filter(isUnasked);
  expect(found.map(({ path }) => path).sort()).toEqual(Object.keys(others).sort());
});

test("every route below /live-stream/{streamId} can refuse blocked users or users who are not the host", () => {
  const routes = sourcesOf("functions").filter(({ text }) =>
    /route: "[A-Z]+ [^"]*\/\{streamId\}/.test(text),
  );
  expect(routes.length).toBeGreaterThan(15);
  const ofCallers = routes.filter(({ path, text }) => !(path in others) && !isForAdmins({ text }));
  const silent = ofCallers.filter(({ text }) => !admitted.test(text));
  expect(silent.map(({ path }) => path)).toEqual([]);
});

test("an endpoint that reads a stream without a check is found", () => {
  const text = `endpoint({ refusals: ["stream_not_found"] }, () => getStream(streamId))`;
  const planted = { path: "functions/polls/list.ts", folder: "functions", lines: [], imports: [] };
  expect(isUnasked({ ...planted, text })).toBe(true);
  expect(isUnasked({ ...planted, text: text.replace("getStream", "getVisibleStream") })).toBe(
    false,
  );
});
