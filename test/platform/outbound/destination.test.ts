import { DestinationUrl, destinationProblem } from "../../../platform/outbound/destination.ts";
import destinations from "../../corpora/destinations.json" with { type: "json" };

const problems = (urls: readonly string[], onRunner: boolean) =>
  urls.filter((url) => destinationProblem(url, onRunner) !== undefined);

describe.each([
  ["a deployed stage", false],
  ["the runner", true],
])("%s", (_, onRunner) => {
  test("accepts every public https URL, whether it resolves or not", () => {
    expect(problems(destinations.public, onRunner)).toEqual([]);
  });

  test("refuses each URL that leads elsewhere, whatever its spelling", () => {
    expect(problems(destinations.hostile, onRunner)).toEqual(destinations.hostile);
  });
});

test("the runner calls its own machine, in two spellings; a deployed stage never does", () => {
  expect(problems(destinations.loopback, true)).toEqual([]);
  expect(problems(destinations.loopback, false)).toEqual(destinations.loopback);
});

test("a refusal names its reason without the URL's credentials", () => {
  const problemOf = (url: unknown) => DestinationUrl.safeParse(url).error?.issues[0]?.message;
  expect(problemOf("https://user:secret@example.com")).toBe("expected a URL without credentials");
  expect(problemOf("http://example.com")).toBe("expected an https URL on port 443");
  expect(problemOf("https://10.0.0.1")).toBe("expected a host of the open Internet");
  expect(problemOf(`https://example.com/${"x".repeat(490)}`)).toBe("expected 1 to 500 characters");
  expect(problemOf(7)).toBe("expected text of 1 to 500 characters");
  for (const letter of ["x", "ж", "喜"])
    expect(problemOf(`https://example.com/${letter.repeat(480)}`)).toBeUndefined();
});
