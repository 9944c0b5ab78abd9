/**
 * What the money of a stream must be, in the fewest words: wallets, gifts and remembered keys. The
 * system is right when it says the same after the same commands.
 */
export type Model = {
  wallets: Map<string, { balance: number; owed: number }>;
  gifts: { id: string; from: string; price: number; refunded: boolean }[];
  /** Idempotency keys of gifts: the request and the gift's id. */
  keys: Map<string, { from: string; price: number; id: string }>;
  /** Who has a pass for the paid stream. */
  passes: Set<string>;
  /** What is held for the planned stream, by giver. */
  given: Map<string, number>;
  live: boolean;
  train: Train;
};

/** The stream's hype trains: the credits towards the next one, and the open one. */
type Train = {
  towards: { id: string; from: string; price: number }[];
  open?: { ids: string[]; credits: number; level: number };
};

/** When the model's trains begin, and their levels. No train or level times out during a test. */
export const trainSettings = {
  enabled: true,
  startCredits: 20,
  startSenders: 2,
  windowSeconds: 600,
  levels: [30, 50, 100_000],
  levelSeconds: 600,
};

export const emptyModel = (users: readonly string[]): Model => ({
  wallets: new Map(users.map((user) => [user, { balance: 0, owed: 0 }])),
  gifts: [],
  keys: new Map(),
  passes: new Set(),
  given: new Map(),
  live: true,
  train: { towards: [] },
});

const walletIn = ({ wallets }: Model, user: string) => wallets.get(user)!;

export const balanceIn = (model: Model, user: string) => walletIn(model, user).balance;

/** Adds credits, which repay debt first. */
export function creditIn(model: Model, user: string, amount: number): void {
  const wallet = walletIn(model, user);
  const repaid = Math.min(wallet.owed, amount);
  wallet.owed -= repaid;
  wallet.balance += amount - repaid;
}

/** Takes credits if there are enough; returns whether there were. */
export function debitIn(model: Model, user: string, amount: number): boolean {
  const wallet = walletIn(model, user);
  if (wallet.balance < amount) return false;
  wallet.balance -= amount;
  return true;
}

/** Takes the credits that the balance has; the rest becomes debt. */
export function takeBackIn(model: Model, user: string, amount: number): void {
  const wallet = walletIn(model, user);
  const taken = Math.min(wallet.balance, amount);
  wallet.balance -= taken;
  wallet.owed += amount - taken;
}

/** Counts a gift or superlike: the one that completes the start conditions is a train's first. */
export function giveToTrain({ train }: Model, gift: Train["towards"][number]): void {
  const { startCredits, startSenders } = trainSettings;
  if (train.open === undefined) train.towards.push(gift);
  const credits = train.towards.reduce((sum, { price }) => sum + price, 0);
  const senders = new Set(train.towards.map(({ from }) => from));
  if (credits >= startCredits && senders.size >= startSenders) {
    train.open ??= { ids: [], credits: 0, level: 0 };
    train.towards = [];
  }
  if (train.open === undefined) return;
  train.open.ids.push(gift.id);
  train.open.credits += gift.price;
  const reached = trainSettings.levels.filter((least) => train.open!.credits >= least).length;
  train.open.level = Math.max(train.open.level, reached);
}

/** Counts a refund: it lowers the credits of the train that has the gift, but never its level. */
export function refundFromTrain({ train }: Model, gift: { id: string; price: number }): void {
  train.towards = train.towards.filter(({ id }) => id !== gift.id);
  if (train.open?.ids.includes(gift.id)) train.open.credits -= gift.price;
}

/** The sum of the open train, as frames have it. */
export const trainSumIn = ({ train: { open } }: Model) =>
  open && [open.level, open.credits, trainSettings.levels[open.level] ?? null];

/** What all have given to the planned stream. */
export const givenIn = ({ given }: Model) => [...given.values()].reduce((sum, one) => sum + one, 0);

/** Ends a funding: all to the host, or all back. Returns each user's contribution. */
export function endFundingIn(model: Model, host: string | undefined): Map<string, number> {
  const { given } = model;
  model.given = new Map();
  if (host !== undefined) for (const amount of given.values()) creditIn(model, host, amount);
  else for (const [user, amount] of given) creditIn(model, user, amount);
  return given;
}
