/** Two concurrent operations on the table, in every relevant order. */
import { expect } from "@jest/globals";
import { table, useTable } from "../../platform/table/table.ts";

/**
 * Runs `act`, and `meanwhile` before each of its requests that has one of these numbers. Returns
 * the result of `act`, and how many requests it made.
 */
export async function between<A>(
  numbers: readonly number[],
  meanwhile: () => Promise<unknown>,
  act: () => Promise<A>,
): Promise<{ answer: A; requests: number }> {
  const client = table();
  let requests = 0;
  const send = async (command: object) => {
    if (numbers.includes(++requests)) {
      useTable(client);
      await meanwhile();
      useTable(watched);
    }
    return client.send(command as never);
  };
  const watched = { send } as unknown as typeof client;
  useTable(watched);
  try {
    return { answer: await act(), requests };
  } finally {
    useTable(client);
  }
}

type Moment = {
  act(): Promise<unknown>;
  meanwhile(): Promise<unknown>;
  /** The condition that must hold afterwards, in either order. */
  check(): Promise<void>;
};

/** Plays a moment once for each request of its `act`, with `meanwhile` before that request. */
export async function atEachRequest(prepare: () => Promise<Moment>): Promise<void> {
  for (let number = 1; ; number++) {
    const { act, meanwhile, check } = await prepare();
    const { requests } = await between([number], meanwhile, act);
    // The act had fewer requests, so `meanwhile` was not called.
    if (requests < number) return expect(number).toBeGreaterThan(1);
    await check();
  }
}
