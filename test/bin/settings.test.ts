import { contextOf, readSettings, type Settings } from "../../bin/start/settings.ts";
import { stageOf } from "../../lib/stages/stages.ts";

test("without environment variables the defaults apply", () => {
  expect(readSettings({})).toEqual({
    settings: {
      PORT: 4000,
      HOST: "127.0.0.1",
      AWS_CLIENT: "own",
      DATA_DIR: ".data",
      DEMO: "on",
      STAGE: "dev",
      LOG: "text",
      WATCH: undefined,
      TENCENT_SECRET_KEY: undefined,
      DYNAMODB_ENDPOINT: undefined,
    },
  });
});

test("an empty variable counts as unset, and valid values are accepted", () => {
  const read = readSettings({ PORT: "", LOG: "json", DATA_DIR: ":memory:", STAGE: "prod" });
  expect(read).toMatchObject({
    settings: { PORT: 4000, LOG: "json", DATA_DIR: ":memory:", STAGE: "prod" },
  });
});

test("SUPERLIKE_PRICE is the price of the stage that is run; without it the stage has its own", () => {
  const priceOf = (environment: Record<string, string>) => {
    const context = contextOf((readSettings(environment) as { settings: Settings }).settings);
    return stageOf((name) => context[name]).superlikePrice;
  };
  for (const price of ["ten", "0", "1.5", "2000000000"])
    expect(() => stageOf((name) => (name === "superlikePrice" ? price : undefined))).toThrow(
      /superlikePrice is .*, expected 1 to 1000000000 credits/,
    );
  expect(priceOf({})).toBe(10);
  expect(priceOf({ SUPERLIKE_PRICE: "1" })).toBe(1);
  expect(priceOf({ SUPERLIKE_PRICE: "1000000000" })).toBe(1_000_000_000);
  for (const wrong of ["0", "-1", "1.5", "1000000001", "ten", "1e3"])
    expect(readSettings({ SUPERLIKE_PRICE: wrong })).toEqual({
      faults: [`SUPERLIKE_PRICE: expected whole credits, 1 to 1000000000, found "${wrong}"`],
    });
});

test("all wrong values are reported at once, with the found and the expected value", () => {
  const read = readSettings({
    PORT: "70000",
    HOST: "my-laptop",
    DATA_DIR: import.meta.filename,
    DEMO: "yes",
    STAGE: "test",
    LOG: "loud",
    TENCENT_SECRET_KEY: "short secret",
    TENCENT_CALLBACK_KEY: "a secret with spaces",
    DYNAMODB_ENDPOINT: "127.0.0.1:8000",
  });
  if (!("faults" in read)) throw new Error("Wrong settings were taken.");
  const names = read.faults.map((fault) => fault.split(":")[0]);
  expect(names).toEqual([
    "PORT",
    "HOST",
    "DATA_DIR",
    "DEMO",
    "STAGE",
    "LOG",
    "TENCENT_SECRET_KEY",
    "TENCENT_CALLBACK_KEY",
    "DYNAMODB_ENDPOINT",
  ]);
  expect(read.faults[0]).toBe(
    'PORT: expected a port number, 0 to 65535 (0 takes a free one), found "70000"',
  );
  expect(read.faults[6]).toMatch(/^TENCENT_SECRET_KEY: expected .*, found 12 characters$/);
  expect(read.faults[7]).toMatch(/^TENCENT_CALLBACK_KEY: expected .*, found 20 characters$/);
  for (const secret of ["short secret", "a secret"])
    expect(read.faults.join()).not.toContain(secret);
});

test("a data directory that cannot be read is left for the start to report", () => {
  expect(readSettings({ DATA_DIR: "a".repeat(300) })).toMatchObject({ settings: {} });
});
