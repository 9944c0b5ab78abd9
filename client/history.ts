import { OvationError } from "./error.ts";
import type { ChatMessage } from "./event-data.ts";
import type { Frame } from "./message.ts";
import type { Outbox, PendingMessage } from "./outbox.ts";
import { windowAt } from "./page-window.ts";

/** Options of a chat history. */
export type HistoryOptions = {
  /** Messages to load at first: 1 to 100, default 50. */
  limit?: number;
  /** Messages to keep: newer ones evict older ones. Default 500; `older()` raises it. */
  keep?: number;
  /** Called once per change. */
  onChange?: (history: History) => void;
};

/** The chat of a stream: earlier messages, extended by new ones as they arrive. */
export type History = {
  /** Oldest first, without deleted messages. A new array after each change. */
  readonly messages: readonly ChatMessage[];
  /** The user's own messages that are not in `messages` yet, oldest first. */
  readonly pending: readonly PendingMessage[];
  /** Whether there are older messages to load. */
  readonly hasOlder: boolean;
  /** Loads up to 100 older messages. Returns whether there are more; rejects as calls do. */
  older(): Promise<boolean>;
  /** Stops updates. */
  close(): void;
};

/** A page of the chat as HTTP answers it, newest first. */
type Page = { messages: ChatMessage[]; total: number };

/** What a history depends on. */
export type Source = {
  read(page: number, limit: number): Promise<Page>;
  outbox: Outbox;
  /** Receives errors of callbacks, and why the chat could not be read again. */
  report(error: unknown): void;
  runCallback(callback: HistoryOptions["onChange"], history: History): void;
};

const limitDefault = 50;
const keptDefault = 500;
/**
 * Number of remembered ids of deleted messages, because a response in flight may still contain
 * them.
 */
const goneMax = 2_000;
const triesMax = 6;
const againMilliseconds = 5_000;

type State = {
  source: Source;
  limit: number;
  keep: number;
  messages: readonly ChatMessage[];
  /** As of the last call of `onChange`. */
  pending: readonly PendingMessage[];
  gone: Set<string>;
  /** Messages that arrived while the newest page was loading. */
  waiting: { message: ChatMessage; isSent: boolean }[] | undefined;
  /** Number of messages before the oldest known one. */
  before: number;
  /** Number of loads of the newest page: responses to earlier loads are ignored. */
  readings: number;
  newest: Promise<void> | undefined;
  timer: ReturnType<typeof setTimeout> | undefined;
  reading: Promise<boolean> | undefined;
  /** Whether the first page has loaded: before that no caller has the history. */
  isRead: boolean;
  isClosed: boolean;
  emit(): void;
};

/** An empty history: `load` reads the chat, `show` adds frames. */
export function createHistory(source: Source, options: HistoryOptions = {}) {
  const { limit = limitDefault, keep = keptDefault, onChange } = options;
  const state: State = {
    source,
    limit,
    keep,
    messages: [],
    gone: new Set(),
    waiting: [],
    before: 0,
    readings: 0,
    newest: undefined,
    timer: undefined,
    reading: undefined,
    isRead: false,
    isClosed: false,
    pending: source.outbox.list(),
    emit() {
      state.pending = source.outbox.list();
      if (state.isRead && !state.isClosed) source.runCallback(onChange, history);
    },
  };
  const history: History = {
    get messages() {
      return state.messages;
    },
    get pending() {
      return state.pending;
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
    if (sent !== undefined) add(state, sent, true);
    state.emit();
  });
  return {
    history,
    /** Loads the newest page and merges frames that arrive meanwhile. */
    load: () => load(state),
    /** Frames were lost: loads the newest page again. */
    reset: () => void reload(state),
    /** Returns whether the history is still open. */
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
  // A history whose subscription ends during the first read has what that read loads.
  if (state.isClosed && state.isRead) return;
  if (reading !== state.readings) return state.newest;
  const { waiting = [] } = state;
  state.waiting = undefined;
  state.isRead = true;
  state.messages = messages.filter(({ _id }) => !state.gone.has(_id)).reverse();
  state.before = total - messages.length;
  for (const { message, isSent } of waiting) add(state, message, isSent);
  state.emit();
}

/** Loads the newest page again, repeating until it arrives. */
async function reload(state: State): Promise<void> {
  clearTimeout(state.timer);
  const own = load(state);
  try {
    await own;
  } catch (error) {
    const isRefused = error instanceof OvationError && [403, 404].includes(error.statusCode);
    // A later read decides.
    if (state.isClosed || own !== state.newest) return;
    state.source.report(error);
    if (isRefused) state.waiting = undefined;
    else state.timer = setTimeout(() => reload(state), againMilliseconds);
  }
}

function show(state: State, { events }: Frame): void {
  const before = state.messages;
  for (const { type, data } of events) {
    if (type === "chat.message") add(state, data);
    else if (type === "chat.deleted") remove(state, data.messageId);
  }
  const { pending, source } = state;
  const isSame = before === state.messages && pending.length === source.outbox.list().length;
  if (!isSame) state.emit();
}

/**
 * Inserts a message in chronological order, unless it is already there; mostly at the end.
 * `isSent`: it is the response to the user's message, which may repeat an old one.
 */
function add(state: State, message: ChatMessage, isSent = false): void {
  const { _id, content, createdAt } = message;
  // An empty text means that the message has been deleted; the frame that says so is on its way.
  if (content === "" || state.gone.has(_id)) return;
  state.waiting?.push({ message, isSent });
  const [first] = state.messages;
  if (state.messages.some((one) => one._id === _id)) return;
  // Messages between this one and the first are not loaded: `older()` will load them all.
  if (isSent && state.before > 0 && first !== undefined && createdAt < first.createdAt) return;
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
 * Pages count from the newest message, so they shift with each new one. The window to read
 * therefore starts at a known message, and only messages older than the last known one in it are
 * added: nothing is skipped or repeated.
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

/** The offset at which to look next, if a window contains no known message. */
function lookElsewhere(
  { messages: known, before }: State,
  { offset, size, messages, total }: Page & { offset: number; size: number },
): number {
  const counted = total - before - 1;
  if (counted !== offset && counted >= 0) return counted;
  const isTooDeep = messages.length === 0 || messages[0]!.createdAt < known[0]!.createdAt;
  return Math.max(0, offset + (isTooDeep ? -size : size));
}
