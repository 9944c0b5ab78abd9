import { getSecretKey, rereadSecretKey } from "../../../platform/tencent/secret.ts";
import { secretKey, startTencentStage } from "./stage.ts";

let stage: Awaited<ReturnType<typeof startTencentStage>>;

beforeAll(async () => {
  stage = await startTencentStage();
});
afterAll(() => stage.stop());

const at = (seconds: number) => new Date(1_700_000_000_000 + seconds * 1000);

test("the key is cached for five minutes, and reread at most once a minute", async () => {
  expect(await getSecretKey(at(0))).toBe(secretKey);
  stage.secret.value = "rotated";
  expect(await getSecretKey(at(299))).toBe(secretKey);
  expect(stage.secret.reads).toBe(1);
  expect(await getSecretKey(at(300))).toBe("rotated");

  stage.secret.value = "rotated again";
  expect(await rereadSecretKey(at(359))).toBeUndefined();
  expect(stage.secret.reads).toBe(2);
  expect(await rereadSecretKey(at(360))).toBe("rotated again");
  expect(await rereadSecretKey(at(400))).toBeUndefined();
  expect(await getSecretKey(at(400))).toBe("rotated again");
  expect(stage.secret.reads).toBe(3);

  stage.secret.value = "";
  await expect(getSecretKey(at(1000))).rejects.toThrow("empty");
});
