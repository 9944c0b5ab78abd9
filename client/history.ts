import { OvationError } from "./error.ts";
import type { ChatMessage } from "./event-data.ts";
import type { Frame } from "./message.ts";
import type { Outbox, PendingMessage } from "./outbox.ts";

/** How to read a chat. */
export type HistoryOptions = {
  /** Messages that are read at first: 1 to 100, default 50. */
  limit?: number;
  /** Messages that are kept: newer ones push older ones out. Default 500; `older()` adds to it. */
  keep?: number;
  /** Hears once of each change, with all that it brings. */
  onChange?: (history: History) => void;
};

/** The chat of a stream: what was said before, joined with what is said now. */
export type History = {
  /** Oldest first, without those that were deleted; another array after each change. */
  readonly messages: readonly ChatMessage[];
  /** The user's own messages that are not among them yet, oldest first. */
  readonly pending: readonly PendingMessage[];
  /** Whether there are older ones. */
  readonly hasOlder: boolean;
  /** Reads up to a hundred older ones. Answers whether there are more; rejects as calls do. */
  older(): Promise<boolean>;
  /** Nothing is added any more. */
  close(): void;
};

/** A page of the chat as HTTP answers it, newest first. */
type Page = { messages: ChatMessage[]; total: number };

/** What a history is made from. */
export type Source = {
  read(page: number, limit: number): Promise<Page>;
  outbox: Outbox;
  /** Hears what a callback threw, and why the chat could not be read again. */
  report(error: unknown): void;
  tell(callback: HistoryOptions["onChange"], history: History): void;
};

const limitDefault = 50;
const keptDefault = 500;
const pageMax = 100;
/** Ids of deleted messages that are remembered, since an answer on its way may still have them. */
const goneMax = 2_000;
const triesMax = 6;
const againMilliseconds = 5_000;

/** Messages above a window's start that are read once more: it may have moved meanwhile. */
const overlap = 2;

type State = {
  source: Source;
  limit: number;
  keep: number;
  messages: readonly ChatMessage[];
  gone: Set<string>;
  /** What came while the newest page was on its way. */
  waiting: ChatMessage[] | undefined;
  /** How many there are before the oldest that is known. */
  before: number;
  /** Counts the readings of the newest page: an answer to an earlier one is of no use. */
  readings: number;
  newest: Promise<void> | undefined;
  timer: ReturnType<typeof setTimeout> | undefined;
  reading: Promise<boolean> | undefined;
  /** The first page is there: before that nobody has been given anything. */
  isRead: boolean;
  isClosed: boolean;
  emit(): void;
};

/** A history without messages yet: `load` reads them, frames are handed to `show`. */
export function createHistory(source: Source, options: HistoryOptions = {}) {
  const { limit = limitDefault, keep = keptDefault, onChange } = options;
  let pending: readonly PendingMessage[] = source.outbox.list();
  const state: State = {
    ...{ source, limit, keep, messages: [], gone: new Set(), waiting: [], before: 0, readings: 0 },
    ...{ newest: undefined, timer: undefined, reading: undefined, isRead: false, isClosed: false },
    emit() {
      pending = source.outbox.list();
      if (state.isRead && !state.isClosed) source.tell(onChange, history);
    },
  };
  const history: History = {
    get messages() {
      return state.messages;
    },
    get pending() {
      return pending;
    },
    get hasOlder() {
      return state.before > 0;
    },
    older() {
      state.reading ??= readOlder(state).finally(() => {
        state.reading = undefined;
      });
      return state.reading;
    },
    close() {
      state.isClosed = true;
      clearTimeout(state.timer);
      stop();
    },
  };
  const stop = source.outbox.listen((sent) => {
    if (sent !== undefined) add(state, sent);
    state.emit();
  });
  return {
    history,
    /** Reads the newest page, joined with what is shown meanwhile. */
    load: () => load(state),
    /** Frames were missed for good: the newest page is read again. */
    reset: () => void reload(state),
    /** Answers whether it is still open. */
    show(frame: Frame): boolean {
      if (!state.isClosed) show(state, frame);
      return !state.isClosed;
    },
  };
}

function load(state: State): Promise<void> {
  state.newest = readNewest(state, ++state.readings);
  return state.newest;
}

async function readNewest(state: State, reading: number): Promise<void> {
  state.waiting = [];
  const { messages, total } = await state.source.read(1, state.limit);
  if (state.isClosed) return;
  if (reading !== state.readings) return state.newest;
  const { waiting = [] } = state;
  state.waiting = undefined;
  state.isRead = true;
  state.messages = messages.filter(({ _id }) => !state.gone.has(_id)).reverse();
  state.before = total - messages.length;
  for (const message of waiting) add(state, message);
  state.emit();
}

/** Reads the newest page again, for as long as it does not arrive. */
async function reload(state: State): Promise<void> {
  clearTimeout(state.timer);
  try {
    await load(state);
  } catch (error) {
    const isRefused = error instanceof OvationError && [403, 404].includes(error.statusCode);
    if (state.isClosed) return;
    state.source.report(error);
    if (!isRefused) state.timer = setTimeout(() => reload(state), againMilliseconds);
  }
}

function show(state: State, { events }: Frame): void {
  const before = state.messages;
  const pending = state.source.outbox.list().length;
  for (const { type, data } of events) {
    if (type === "chat.message") add(state, data);
    else if (type === "chat.deleted") remove(state, data.messageId);
  }
  const isSame = before === state.messages && pending === state.source.outbox.list().length;
  if (!isSame) state.emit();
}

/** Inserts a message in the order of time, unless it is there already: mostly at the end. */
function add(state: State, message: ChatMessage): void {
  const { _id, content, createdAt } = message;
  // A text that is empty was deleted since; the frame that says so is on its way.
  if (content === "" || state.gone.has(_id)) return;
  state.waiting?.push(message);
  if (state.messages.some((one) => one._id === _id)) return;
  const messages = [...state.messages];
  let at = messages.length;
  while (at > 0 && messages[at - 1]!.createdAt > createdAt) at--;
  messages.splice(at, 0, message);
  const over = Math.max(0, messages.length - state.keep);
  state.before += over;
  state.messages = messages.slice(over);
}

function remove(state: State, id: string): void {
  state.gone.add(id);
  if (state.gone.size > goneMax) state.gone.delete(state.gone.values().next().value!);
  if (state.messages.some(({ _id }) => _id === id))
    state.messages = state.messages.filter(({ _id }) => _id !== id);
}

/**
 * Pages are counted from the newest message and move with each new one. So the window that is read
 * begins with a message that is known, and only what lies behind the last such message is added:
 * whatever has moved meanwhile, nothing is left out and nothing comes twice.
 */
async function readOlder(state: State): Promise<boolean> {
  const reading = state.readings;
  let offset = state.messages.length - 1;
  for (let tries = 0; tries < triesMax && state.before > 0; tries++) {
    const { page, size } = windowAt(offset);
    const { messages, total } = await state.source.read(page, size);
    if (reading !== state.readings || state.isClosed) return state.before > 0;
    const known = new Set(state.messages.map(({ _id }) => _id));
    const first = (page - 1) * size;
    const last = messages.reduce((found, { _id }, at) => (known.has(_id) ? at : found), -1);
    if (last < 0 && known.size > 0) {
      offset = lookElsewhere(state, { offset, size, messages, total });
      continue;
    }
    const older = messages.slice(last + 1).filter(({ _id }) => !state.gone.has(_id));
    state.before = Math.max(0, total - first - messages.length);
    if (older.length > 0 || state.before === 0) {
      state.messages = [...older.reverse(), ...state.messages];
      state.keep = Math.max(state.keep, state.messages.length);
      state.emit();
      break;
    }
    offset = first + last;
  }
  return state.before > 0;
}

/** Where the oldest known message is, when a window shows none that is known. */
function lookElsewhere(
  { messages: known, before }: State,
  { offset, size, messages, total }: Page & { offset: number; size: number },
): number {
  const counted = total - before - 1;
  if (counted !== offset && counted >= 0) return counted;
  const isTooDeep = messages.length === 0 || messages[0]!.createdAt < known[0]!.createdAt;
  return Math.max(0, offset + (isTooDeep ? -size : size));
}

/** The page and size that show most of what lies behind an offset, and it as well. */
function windowAt(offset: number): { page: number; size: number } {
  let best = { page: 1, size: pageMax, behind: 0 };
  for (let size = pageMax; size > pageMax / 2; size--) {
    const page = Math.floor(Math.max(0, offset - overlap) / size) + 1;
    const behind = page * size - 1 - offset;
    if (behind > best.behind) best = { page, size, behind };
  }
  return best;
}
