/**
 * The one table, seen at once. Nobody else spells a key.
 *
 *   item             PK              SK                  written by
 *   profile          USER#u          PROFILE             authorizers (first sight), users/*
 *   username         NAME#username   NAME                users/* (who holds it)
 *   wallet           WALLET#u        WALLET              gifts, superlikes, top-ups, settle
 *   reference        WALLET#u        REF#reference       top-ups, payouts: once, for ever
 *   ledger entry     LEDGER#u        seq, 12 digits      the same transaction as its wallet
 *   replay marker    REPLAY#u        hash[#claim]        the same transaction as its effect
 *   notification     USER#u          NOTE#id             notifications/create, settle
 *   hosted stream    USER#u          HOSTED#id           streams/create (a host's streams in order)
 *   host's ban       USER#u          BANNED#id           bans/create (the bans of a host's streams)
 *   search entry     FIND#c          text#u              users/* (c: its first character)
 *   anybody          FIND#           hash#u              users/* (for an empty question)
 *   device           USER#u          DEVICE#hash         notifications/save-device
 *   follower         USER#u          FOLLOWER#id         follows/* (who follows u, in order)
 *   following        USER#u          FOLLOWING#v         follows/* (whom u follows)
 *   follow counts    USER#u          FOLLOWS             follows/*
 *   member           STREAM#s        MEMBER#u            chat (admission), bans
 *   stream           STREAM#s        META                streams/*
 *   chat counter     STREAM#s        CHAT                chat/send-message
 *   act              STREAM#s        ACT#id              bans/*, chat/* (the log of moderation)
 *   gone numbers     STREAM#s        GONE#level#index    chat/* (numbers that show no message)
 *   message          STREAM#s        MSG#n, 12 digits    chat/send-message
 *   gift, superlike  STREAM#s        GIFT#id[#k]         gifts/create, chat/superlike, send_gift
 *   totals           STREAM#s        TOTALS              settle
 *   fan              STREAM#s        FAN#u               settle
 *   visits           STREAM#s        VISIT#u             when a subscription is removed
 *   audience         STREAM#s        AUDIENCE            with a user's first visit
 *   subscriber       STREAM#s        SUB#h#connection    realtime/subscribe, fan-out (h: hex digit)
 *   frame            FRAMES#s        n, 12 digits        fan-out, post
 *   gathered         STREAM#s        GATHERED#id         fan-out (records of a large room), post
 *   log              STREAM#s        LOG                 fan-out, post
 *   ban              BAN#id          BAN                 bans/create (found by its own id)
 *   gift's place     GIFT#hash       STREAM#s            gifts/create (the stream of an id)
 *   sweep's place    SWEEP#due       SWEEP               money/sweep (where the next goes on)
 *   parked record    PARKED#day      key of the item     settle, sweep (for redrive)
 *   stream list      CATALOGUE       STREAM#id           streams/create
 *   reminder         STREAM#s        REMIND#u            streams/remind
 *   due reminder     CATALOGUE       REMIND#minute#u#s   streams/remind (until it is told)
 *   open notice      CATALOGUE       NOTICE#s            streams/join-as-creator (until it is told)
 *   announcement     USER#u          ANNOUNCED           tell-live (when u's followers were told last)
 *   live stream      CATALOGUE       LIVE#id             streams/join-as-creator, end
 *   post rate        RATE#pool#slot  RATE                fan-out, post (posts of 40 ms, by pool)
 *   resume rate      RATE#resume#u#s RATE                resume (missed frames by user)
 *   connection       CONN#c          CONN                realtime/connect, subscribe
 *   user's socket    USER#u          SOCKET#c            realtime/connect, disconnect
 *   gift type        CATALOGUE       TYPE#id             gifts/create-type, add_gift
 *   GiftId           GIFTID#giftId   GIFTID              the alias of a gift type
 *   room             ROOM#RoomId     ROOM                the alias of a stream
 *   metadata         STREAM#s        METADATA            set_room_metadata
 *   gift categories  CATALOGUE       CATEGORIES          add_gift_category and the like
 *   gift's text      CATALOGUE       TEXT#of#id#language set_gift_language and the like
 *   callbacks        CATALOGUE       CALLBACKS           live_config/set_callback
 *   command's rate   RATE#app#name   RATE                commands that may be called once a second
 *   layout           LAYOUT          LAYOUT              npm start, npm run deploy (its version)
 *
 * Ids of ObjectId form begin with their time, so sorting by id is sorting by time, to the second.
 */
export type Key = { PK: string; SK: string };

/** A number that sorts as text: 12 digits carry a thousand a second for thirty years. */
const padded = (n: number) => String(n).padStart(12, "0");

const user = (userId: string) => `USER#${userId}`;
const wallet = (userId: string) => `WALLET#${userId}`;
const stream = (streamId: string) => `STREAM#${streamId}`;
const catalogue = "CATALOGUE";
const place = (PK: string, SK: string): Key => ({ PK, SK });

export const key = {
  layout: (): Key => ({ PK: "LAYOUT", SK: "LAYOUT" }),
  profile: (userId: string): Key => ({ PK: user(userId), SK: "PROFILE" }),
  username: (username: string): Key => ({ PK: `NAME#${username}`, SK: "NAME" }),
  /** Apart from all else of a user, since leading keys let a role write a whole partition. */
  wallet: (userId: string): Key => ({ PK: wallet(userId), SK: "WALLET" }),
  reference: (userId: string, reference: string) => place(wallet(userId), `REF#${reference}`),
  entry: (userId: string, seq: number): Key => ({ PK: `LEDGER#${userId}`, SK: padded(seq) }),
  marker: (owner: string, hash: string): Key => ({ PK: `REPLAY#${owner}`, SK: hash }),
  claim: (owner: string, hash: string): Key => key.marker(owner, `${hash}#claim`),
  notification: (userId: string, id: string): Key => ({ PK: user(userId), SK: `NOTE#${id}` }),
  hosted: (userId: string, streamId: string) => place(user(userId), `HOSTED#${streamId}`),
  hostedBan: (hostId: string, banId: string): Key => ({ PK: user(hostId), SK: `BANNED#${banId}` }),
  searchText: (text: string, userId: string) =>
    place(`FIND#${[...text][0] ?? ""}`, `${text}#${userId}`),
  anybody: (hash: string, userId: string): Key => ({ PK: "FIND#", SK: `${hash}#${userId}` }),
  device: (userId: string, hash: string): Key => ({ PK: user(userId), SK: `DEVICE#${hash}` }),
  follower: (userId: string, relationId: string) => place(user(userId), `FOLLOWER#${relationId}`),
  following: (userId: string, followedId: string) => place(user(userId), `FOLLOWING#${followedId}`),
  followCounts: (userId: string): Key => ({ PK: user(userId), SK: "FOLLOWS" }),
  socket: (userId: string, connectionId: string) => place(user(userId), `SOCKET#${connectionId}`),
  member: (streamId: string, userId: string) => place(stream(streamId), `MEMBER#${userId}`),
  stream: (streamId: string): Key => ({ PK: stream(streamId), SK: "META" }),
  chat: (streamId: string): Key => ({ PK: stream(streamId), SK: "CHAT" }),
  act: (streamId: string, id: string): Key => ({ PK: stream(streamId), SK: `ACT#${id}` }),
  /** Level 0 is a bucket of numbers, those above count. */
  gone: (streamId: string, level: number, index: number) =>
    place(stream(streamId), `GONE#${level}#${padded(index)}`),
  message: (streamId: string, n: number): Key => ({ PK: stream(streamId), SK: `MSG#${padded(n)}` }),
  gift: (streamId: string, giftId: string, receiver = 0) =>
    place(stream(streamId), receiver === 0 ? `GIFT#${giftId}` : `GIFT#${giftId}#${receiver}`),
  totals: (streamId: string): Key => ({ PK: stream(streamId), SK: "TOTALS" }),
  fan: (streamId: string, userId: string): Key => ({ PK: stream(streamId), SK: `FAN#${userId}` }),
  subscriber: (streamId: string, connectionId: string) =>
    place(stream(streamId), `SUB#${shardOf(connectionId)}#${connectionId}`),
  frame: (streamId: string, n: number): Key => ({ PK: `FRAMES#${streamId}`, SK: padded(n) }),
  visits: (streamId: string, userId: string) => place(stream(streamId), `VISIT#${userId}`),
  audience: (streamId: string): Key => ({ PK: stream(streamId), SK: "AUDIENCE" }),
  gathered: (streamId: string, id: string) => place(stream(streamId), `GATHERED#${id}`),
  log: (streamId: string): Key => ({ PK: stream(streamId), SK: "LOG" }),
  connection: (connectionId: string): Key => ({ PK: `CONN#${connectionId}`, SK: "CONN" }),
  ban: (banId: string): Key => ({ PK: `BAN#${banId}`, SK: "BAN" }),
  giftPlace: (hash: string, streamId: string) => place(`GIFT#${hash}`, `STREAM#${streamId}`),
  parked: (day: string, id: string): Key => ({ PK: `${prefix.parked}${day}`, SK: id }),
  listedStream: (streamId: string): Key => ({ PK: catalogue, SK: `STREAM#${streamId}` }),
  liveStream: (streamId: string): Key => ({ PK: catalogue, SK: `LIVE#${streamId}` }),
  reminder: (streamId: string, userId: string) => place(stream(streamId), `REMIND#${userId}`),
  /** To the minute, and then by user, so that a reader can pass over all of one user's. */
  dueReminder: (at: string, userId: string, streamId: string) =>
    place(catalogue, `REMIND#${at.slice(0, "2026-01-15T10:30".length)}#${userId}#${streamId}`),
  announcement: (hostId: string): Key => ({ PK: user(hostId), SK: "ANNOUNCED" }),
  notice: (streamId: string): Key => ({ PK: catalogue, SK: `NOTICE#${streamId}` }),
  giftType: (giftTypeId: string): Key => ({ PK: catalogue, SK: `TYPE#${giftTypeId}` }),
  giftAlias: (giftId: string): Key => ({ PK: `GIFTID#${giftId}`, SK: "GIFTID" }),
  room: (roomId: string): Key => ({ PK: `ROOM#${roomId}`, SK: "ROOM" }),
  giftCategories: (): Key => ({ PK: catalogue, SK: "CATEGORIES" }),
  giftText: (of: "gift" | "category", id: string, language: string) =>
    place(catalogue, `TEXT#${of}#${id}#${language}`),
  callbacks: (): Key => ({ PK: catalogue, SK: "CALLBACKS" }),
  roomMetadata: (streamId: string): Key => ({ PK: stream(streamId), SK: "METADATA" }),
  commandRate: (sdkAppId: number, command: string) => place(`RATE#${sdkAppId}#${command}`, "RATE"),
  resumeRate: (userId: string, second: number) => place(`RATE#resume#${userId}#${second}`, "RATE"),
  sweepPlace: (): Key => ({ PK: "SWEEP#due", SK: "SWEEP" }),
  postRate: (pool: string, slot: number) => place(`RATE#${pool}#${slot}`, "RATE"),
};

/** The beginnings of sort keys, for queries over what lies together. */
export const prefix = {
  notifications: "NOTE#",
  hosted: "HOSTED#",
  hostedBans: "BANNED#",
  devices: "DEVICE#",
  followers: "FOLLOWER#",
  sockets: "SOCKET#",
  members: "MEMBER#",
  messages: "MSG#",
  acts: "ACT#",
  gifts: "GIFT#",
  fans: "FAN#",
  subscribers: "SUB#",
  visits: "VISIT#",
  gathered: "GATHERED#",
  giftTypes: "TYPE#",
  listedStreams: "STREAM#",
  liveStreams: "LIVE#",
  parked: "PARKED#",
  reminders: "REMIND#",
  notices: "NOTICE#",
};

/** A hex digit from a connection's id, so that a large room can be read in parallel ranges. */
function shardOf(connectionId: string): string {
  let state = 0;
  for (const char of connectionId) state = Math.imul(state ^ char.charCodeAt(0), 0x01000193) >>> 0;
  return ((state >>> 16) & 0xf).toString(16);
}

/** The sort keys of a stream's subscribers, cut into ranges (a power of two, at most 16). */
export const subscriberRanges = (count: number): [low: string, high: string][] =>
  Array.from({ length: count }, (_, at) => {
    const [first, last] = [(at * 16) / count, ((at + 1) * 16) / count - 1];
    return [`SUB#${first.toString(16)}#`, `SUB#${last.toString(16)}$`];
  });

/** The connection's id in a subscriber's sort key. */
export const connectionIn = (SK: string) => SK.slice("SUB#h#".length);

/** What kind of item a stream record is about, read from its key. */
export type ItemKind = (typeof kinds)[keyof typeof kinds] | "other";

/** Reads the kind, the partition's id and the rest of the sort key back out of a key. */
export function readKey({ PK, SK }: Key): { kind: ItemKind; owner: string; rest: string } {
  const [partition = "", owner = ""] = split(PK);
  const [head = "", rest = ""] = split(SK);
  return { kind: kinds[`${partition} ${head}` as keyof typeof kinds] ?? "other", owner, rest };
}

const kinds = {
  "STREAM META": "stream",
  "STREAM MEMBER": "member",
  "STREAM MSG": "message",
  "STREAM GIFT": "gift",
  "STREAM SUB": "subscriber",
  "STREAM LOG": "log",
  "USER NOTE": "notification",
  "USER PROFILE": "profile",
} as const;

function split(text: string): [string, string] {
  const at = text.indexOf("#");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

/** The sparse index of what is due: gifts by receiver, oldest first, and wallets that owe. */
export const dueIndex = { name: "due", PK: "due", SK: "SK", debtors: "#debtors" } as const;

/**
 * How the keys of items of some kinds begin, by partition: what the filter of a stream's mapping
 * lets through, so that a reader is not called for what it does not read.
 */
export function keyStartsOf(wanted: readonly ItemKind[]): { PK: string; SK: string[] }[] {
  const starts = new Map<string, string[]>();
  for (const [name, kind] of Object.entries(kinds)) {
    if (!wanted.includes(kind)) continue;
    const [partition = "", head = ""] = name.split(" ");
    starts.set(`${partition}#`, [...(starts.get(`${partition}#`) ?? []), head]);
  }
  return [...starts].map(([PK, SK]) => ({ PK, SK }));
}

/** What an audit reads, by key. `owner` is the user or stream, `rest` what the sort key adds. */
export function moneyKindOf(item: Key): { kind: MoneyKind; owner: string; rest: string } {
  const [partition, owner] = split(item.PK);
  const [head, rest] = split(item.SK);
  if (partition === "LEDGER") return { kind: "entry", owner, rest };
  if (partition === "FRAMES") return { kind: "frame", owner, rest };
  const kind = moneyKinds[`${partition} ${head}` as keyof typeof moneyKinds] ?? "other";
  return { kind, owner, rest };
}

const moneyKinds = {
  "USER PROFILE": "profile",
  "WALLET WALLET": "wallet",
  "WALLET REF": "reference",
  "STREAM GIFT": "gift",
  "STREAM TOTALS": "totals",
  "STREAM FAN": "fan",
  "STREAM LOG": "log",
} as const;

type MoneyKind = Paired | "entry" | "frame" | "other";
type Paired = (typeof moneyKinds)[keyof typeof moneyKinds];
