/**
 * What the money of a stream must be, in the fewest words: wallets, gifts and remembered keys. The
 * system is right when it says the same after the same commands.
 */
export type Model = {
  wallets: Map<string, { balance: number; owed: number }>;
  gifts: { id: string; from: string; price: number; refunded: boolean }[];
  /** Keys that made a gift: what they asked for, and its id. */
  keys: Map<string, { from: string; price: number; id: string }>;
  /** Who has a pass for the paid stream. */
  passes: Set<string>;
  /** What is held for the planned stream, by giver. */
  given: Map<string, number>;
  live: boolean;
};

export const emptyModel = (users: readonly string[]): Model => ({
  wallets: new Map(users.map((user) => [user, { balance: 0, owed: 0 }])),
  gifts: [],
  keys: new Map(),
  passes: new Set(),
  given: new Map(),
  live: true,
});

const walletIn = ({ wallets }: Model, user: string) => wallets.get(user)!;

export const balanceIn = (model: Model, user: string) => walletIn(model, user).balance;

/** Credits repay what is owed first. */
export function creditIn(model: Model, user: string, amount: number): void {
  const wallet = walletIn(model, user);
  const repaid = Math.min(wallet.owed, amount);
  wallet.owed -= repaid;
  wallet.balance += amount - repaid;
}

/** Takes credits if there are enough; answers whether there were. */
export function debitIn(model: Model, user: string, amount: number): boolean {
  const wallet = walletIn(model, user);
  if (wallet.balance < amount) return false;
  wallet.balance -= amount;
  return true;
}

/** Takes back what is there; the rest is owed. */
export function takeBackIn(model: Model, user: string, amount: number): void {
  const wallet = walletIn(model, user);
  const taken = Math.min(wallet.balance, amount);
  wallet.balance -= taken;
  wallet.owed += amount - taken;
}

/** What all have given to the planned stream. */
export const givenIn = ({ given }: Model) => [...given.values()].reduce((sum, one) => sum + one, 0);

/** The end of a funding: all to the host, or all back. Answers what each had given. */
export function endFundingIn(model: Model, host: string | undefined): Map<string, number> {
  const { given } = model;
  model.given = new Map();
  if (host !== undefined) for (const amount of given.values()) creditIn(model, host, amount);
  else for (const [user, amount] of given) creditIn(model, user, amount);
  return given;
}
