import { readSettings } from "../../bin/start/settings.ts";

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

test("all wrong values are reported at once, with the found and the expected value", () => {
  const read = readSettings({
    PORT: "70000",
    DATA_DIR: import.meta.filename,
    DEMO: "yes",
    STAGE: "test",
    LOG: "loud",
    TENCENT_SECRET_KEY: "short secret",
    DYNAMODB_ENDPOINT: "127.0.0.1:8000",
  });
  if (!("faults" in read)) throw new Error("Wrong settings were taken.");
  const names = read.faults.map((fault) => fault.split(":")[0]);
  expect(names).toEqual([
    "PORT",
    "DATA_DIR",
    "DEMO",
    "STAGE",
    "LOG",
    "TENCENT_SECRET_KEY",
    "DYNAMODB_ENDPOINT",
  ]);
  expect(read.faults[0]).toBe(
    'PORT: expected a port number, 0 to 65535 (0 takes a free one), found "70000"',
  );
  expect(read.faults[5]).toMatch(/^TENCENT_SECRET_KEY: expected .*, found 12 characters$/);
  expect(read.faults.join()).not.toContain("short secret");
});

test("a data directory that cannot be read is left for the start to report", () => {
  expect(readSettings({ DATA_DIR: "a".repeat(300) })).toMatchObject({ settings: {} });
});
