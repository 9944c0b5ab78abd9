/** Devices of push services: their number, and tokens that move between devices and users. */

import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { describe, expect, test } from "@jest/globals";
import { devicesMax } from "../../domain/people/device.ts";
import { listDevices, removeDevice, saveDevice } from "../../platform/store/people/devices.ts";
import { table, tableName } from "../../platform/table/table.ts";
import { atEachRequest, between } from "./interleaving.ts";
import { useOwnTable } from "./table.ts";
import { someone } from "./wallet-people.ts";

useOwnTable();

const at = (seconds: number) => new Date(Date.UTC(2026, 4, 1) + 1000 * seconds);
const save = (userId: string, device: Parameters<typeof saveDevice>[1], seconds = 0) =>
  saveDevice(userId, device, at(seconds));
const tokensOf = async (userId: string) =>
  Object.fromEntries((await listDevices(userId)).map(({ deviceId, token }) => [deviceId, token]));

/** Everything in the table that names the user. */
async function traces(userId: string): Promise<unknown[]> {
  const { Items = [] } = await table().send(new ScanCommand({ TableName: tableName() }));
  return Items.filter((item) => JSON.stringify(item).includes(`"${userId}"`));
}

test("a user's 51st device replaces the one that was not updated for the longest time", async () => {
  const user = someone("user");
  for (let n = 0; n < devicesMax; n++)
    await save(user, { deviceId: `d${n}`, token: `${user} ${n}` }, n);
  await save(user, { deviceId: "d0", timezone: "UTC" }, devicesMax);
  await save(user, { deviceId: "newest", token: `${user} newest` }, devicesMax + 1);
  const tokens = await tokensOf(user);
  expect(Object.keys(tokens)).toHaveLength(devicesMax);
  expect(tokens).toMatchObject({ d0: `${user} 0`, newest: `${user} newest` });
  expect(tokens).not.toHaveProperty("d1");
});

test("a user who signs in on another user's phone takes its token over", async () => {
  const [first, second] = [someone("user"), someone("user")];
  const token = `${first} phone`;
  await save(first, { deviceId: "phone", token });
  await save(second, { deviceId: "phone", token });
  expect(await tokensOf(first)).toEqual({ phone: null });
  expect(await tokensOf(second)).toEqual({ phone: token });
  await save(first, { deviceId: "phone", token });
  expect(await tokensOf(first)).toEqual({ phone: token });
  expect(await tokensOf(second)).toEqual({ phone: null });
});

test("nothing names the user of a device whose tokens were replaced and that was removed", async () => {
  const user = someone("user");
  await save(user, { deviceId: "phone", token: `${user} 1`, liveActivityPushToStartToken: "a" });
  await save(user, { deviceId: "phone", token: `${user} 2` });
  expect(await traces(user)).not.toEqual([]);
  await removeDevice(user, `${user} 2`);
  expect(await listDevices(user)).toEqual([]);
  expect(await traces(user)).toEqual([]);
});

test("nothing names the user of a device that two calls registered and that was removed", () =>
  atEachRequest(async () => {
    const user = someone("user");
    return {
      act: () => save(user, { deviceId: "phone", token: `${user} 1` }),
      meanwhile: () => save(user, { deviceId: "phone", token: `${user} 2` }, 1),
      check: async () => {
        await removeDevice(user, (await tokensOf(user)).phone ?? "");
        expect(await traces(user)).toEqual([]);
      },
    };
  }));

test("a device whose token is renewed while the old one is removed stays registered", () =>
  atEachRequest(async () => {
    const user = someone("user");
    await save(user, { deviceId: "phone", token: `${user} old` });
    const outcome = { removed: "" };
    return {
      act: async () => {
        outcome.removed = await removeDevice(user, `${user} old`).then(() => "removed", String);
      },
      meanwhile: () => save(user, { deviceId: "phone", token: `${user} new` }, 1),
      check: async () => {
        expect(outcome.removed).toMatch(/removed|No such device|device/);
        expect(await tokensOf(user)).toEqual({ phone: `${user} new` });
      },
    };
  }));

describe("a phone's token belongs to one device", () => {
  /** Checks that one device of these users has the token; returns it. */
  async function assertOne(users: readonly string[], token: string) {
    const devices = (await Promise.all(users.map(listDevices))).flat();
    const holders = devices.filter((device) => device.token === token);
    expect(holders).toHaveLength(1);
    return holders[0];
  }

  /** A user whose phone is saved, and its token. */
  async function signIn() {
    const first = someone("first");
    const phone = { deviceId: "phone", token: `${first} phone` };
    await save(first, phone);
    return { first, phone };
  }

  test("if its user repeats the call while another user signs in on it", () =>
    atEachRequest(async () => {
      const [{ first, phone }, second] = [await signIn(), someone("second")];
      return {
        act: () => save(first, phone, 1),
        meanwhile: () => save(second, phone, 1),
        check: async () => {
          await assertOne([first, second], phone.token);
        },
      };
    }));

  test.each([1, 2, 3, 4])(
    "if it moves away and back while a third user signs in on it, from request %i on",
    async (number) => {
      const [{ first, phone }, second, third] = [
        await signIn(),
        someone("second"),
        someone("third"),
      ];
      const users = [second, first];
      const move = () => save(users.shift() ?? first, phone, 1);
      await between([number, number + 1], move, () => save(third, phone, 1));
      await assertOne([first, second, third], phone.token);
    },
  );

  test("if it is registered while it is removed", () =>
    atEachRequest(async () => {
      const [{ first, phone }, second] = [await signIn(), someone("second")];
      return {
        act: () => removeDevice(first, phone.token),
        meanwhile: () => save(first, phone, 1),
        check: async () => {
          await save(second, phone, 2);
          await assertOne([first, second], phone.token);
        },
      };
    }));
});

test("a device that has lost its only token and has no id is not listed", async () => {
  const [first, second] = [someone("user"), someone("user")];
  const token = `${first} phone`;
  await save(first, { token });
  await save(first, { deviceId: "phone", token });
  expect(await tokensOf(first)).toEqual({ phone: token });
  await save(second, { token });
  await save(first, { deviceId: "phone", token });
  expect([await tokensOf(first), await tokensOf(second)]).toEqual([{ phone: token }, {}]);
  expect(await traces(second)).toEqual([]);
});
