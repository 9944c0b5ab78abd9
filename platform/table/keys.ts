/**
 * All keys of the one table. They are built only here.
 *
 *   item             PK              SK                  written by
 *   profile          USER#u          PROFILE             authorizers (first sight), users/*
 *   username         NAME#username   NAME                users/* (who holds it)
 *   wallet           WALLET#u        WALLET              gifts, superlikes, top-ups, settle
 *   reference        WALLET#u        REF#reference       top-ups, payouts: once, kept
 *   ledger entries   LEDGER#u        first seq, 12 dig.  the same transaction as their wallet
 *   replay marker    REPLAY#u        hash[#claim]        with its effect; before a chat message
 *   picture          PICTURE#id      PICTURE             with what shows it (platform/pictures)
 *   mark of a call   CALL#u          CALL#hash           tencent/callbacks, settle, sweep
 *   notification     USER#u          NOTE#~id            notifications/create, settle
 *   old notification USER#u          NOTE#id             the same, before read marks existed
 *   unread mark      USER#u          UNREAD#id           with a notification, while it is unread
 *   read mark        USER#u          READ#id             with a notification, once it is read
 *   hosted stream    USER#u          HOSTED#id           streams/create (a host's streams in order)
 *   open stream      USER#u          OPEN#id             streams/* (u's streams that are not over)
 *   host's ban       USER#u          BANNED#id           bans/create (in force in u's streams)
 *   search entry     FIND#c          text#u              users/* (c: its first character)
 *   search sample    FIND#           hash#u              users/* (a search without a query)
 *   device           USER#u          DEVICE#hash         notifications/save-device
 *   push token       PUSH#hash       PUSH                notifications/save-device (its device)
 *   follower         USER#u          FOLLOWER#id         follows/* (who follows u, in order)
 *   following        USER#u          FOLLOWING#v         follows/* (whom u follows)
 *   follow counts    USER#u          FOLLOWS             follows/*
 *   member           STREAM#s        MEMBER#u            bans, passes, roles (a user in a stream)
 *   channel          STREAM#channel:u CHANNEL            channel/change (u's settings for streams)
 *   channel's member STREAM#channel:u MEMBER#v           bans (v's ban from all of u's streams)
 *   sender           SENDER#s#u      SENDER              chat (admission), bans (a copy of the ban)
 *   stream           STREAM#s        META                streams/*
 *   chat counter     CHAT#s          CHAT                chat/send-message
 *   moderation act   STREAM#s        ACT#id              bans/*, chat/* (the moderation log)
 *   message gaps     STREAM#s        GONE#level#index    chat/* (numbers without a message)
 *   message          STREAM#s        MSG#n, 12 digits    chat/send-message
 *   gift, superlike  STREAM#s        GIFT#id[#k]         gifts/create, chat/superlike, send_gift
 *   pass, proceeds   STREAM#s        GIFT#id             streams/join; the end of an escrow
 *   escrow           ESCROW#s        PART#h              streams/fund (h: hex digit), its end
 *   funded stream    USER#u          FUNDED#s            streams/fund (until it is returned)
 *   guest's stream   USER#u          GUEST#s             streams/create (who is invited to it)
 *   planned stream   PLANNED#due     PLANNED#minute#s    streams/* (when a schedule checks it)
 *   moment           STREAM#s        MOMENT#id           moments/* (with its result)
 *   open moments     STREAM#s        OPEN                moments/* (those that are open)
 *   top likers       STREAM#s        LIKERS              fan-out, post, post-sums
 *   likes            CROWD#s#h       LIKE#u              likes/tap (h: hex digit)
 *   vote             CROWD#m#h       VOTE#u              moments/vote (m: the moment)
 *   erased users'    CROWD#s-or-m    REST                erasure (their likes or votes, anonymous)
 *   end mark         CROWD#s-or-m#h  OVER                with the end of a stream or a poll
 *   totals           STREAM#s        TOTALS              settle
 *   fan              STREAM#s        FAN#u               settle
 *   top fans         LEADERS#s       LEADERS             gifts/leaderboard, get_gift_count
 *   visits           STREAM#s        VISIT#u             when a subscription is removed
 *   audience         STREAM#s        AUDIENCE            with a user's first visit
 *   subscriber       SUB#s           SUB#h#connection    realtime/subscribe, fan-out (h: hex digit)
 *   relay's room     SUB#s           NODE#n              relay (serves the stream; n: its id)
 *   relay's viewers  SUB#s           NODE#n#USERS#part   relay (who watches there)
 *   frame            FRAMES#s        n, 12 digits        fan-out, post
 *   gathered         GATHERED#s      GATHERED#id         fan-out (records of a large room), post
 *   log              STREAM#s        LOG                 fan-out, post
 *   overlay key      OVERLAY#s       KEY#id              overlays/*, channel/* (s: a stream, or a
 *   overlay keys     OVERLAY#s       COUNT               host as `channel:u`; how many there are)
 *   revoked user     REVOKED#user#u  REVOKED             sessions/* (while their tokens may live)
 *   revoked token    REVOKED#token#h REVOKED             sessions/revoke
 *   admins' list     REVOKED#listed  LISTED#id           sessions/revoke (for the admins' list)
 *   fresh revocation REVOKED#recent  second#hash         sessions/* (for cached checks of tokens)
 *   token's socket   TOKEN#hash      SOCKET#c            realtime/connect (to close it by jti)
 *   ticket           TICKET#hash     TICKET              sessions/create-ticket (until it is used)
 *   traced stream    TRACE#u         STREAM#s            chat, reminders (streams with u's data)
 *   traced gift      TRACE#u         GIFT#s#id           send_gift (a gift without ledger entries)
 *   traced ban       TRACE#u         BAN#id              bans/create (a ban of u)
 *   traced host      TRACE#u         TEAM#h              channel/*, chat/* (h made u a moderator)
 *   erasure          ERASURE#u       ERASURE             users/delete-me (until it is complete)
 *   ban              BAN#id          BAN                 bans/create (found by its own id)
 *   gift's stream    GIFT#hash       STREAM#s            gifts/create (the stream of an id)
 *   sweep position   SWEEP#due       SWEEP               money/sweep (where the next one starts)
 *   delivery sweep   SWEEP#delivery  SWEEP               webhooks/requeue-overdue (the same)
 *   picture sweep    SWEEP#pictures  SWEEP               pictures/sweep (the same)
 *   parked record    PARKED#day      key of the item     settle, sweep; removed by redrive
 *   stream list      LIST#streams    STREAM#id           streams/create
 *   reminder         STREAM#s        REMIND#u            streams/remind
 *   due reminder     REMINDER#due    REMIND#minute#u#s   streams/remind (until it is sent)
 *   open notice      NOTICE#open     NOTICE#s            streams/join-as-creator (until it is sent)
 *   announcement     USER#u          ANNOUNCED           tell-live (u's followers' last notice)
 *   live stream      LIST#live       LIVE#id             streams/join-as-creator, end
 *   post rate        RATE#pool#slot  RATE                fan-out, post (posts of 40 ms, by pool)
 *   resume rate      RATE#resume#u#s RATE                resume (missed frames by user)
 *   connection       CONN#c          CONN                realtime/connect, subscribe
 *   user's socket    USER#u          SOCKET#c            realtime/connect, disconnect
 *   relay            MAIL#n          ALIVE               relay (heartbeat)
 *   mail             MAIL#n          MAIL#id             functions (messages to its connections)
 *   gift type        GIFTTYPE#id     TYPE                gifts/create-type, add_gift
 *   listed type      GIFTTYPE#all    TYPE#id             the same transaction as its gift type
 *   types' version   GIFTTYPE#all    VERSION             the same: whether a cached list is current
 *   GiftId           GIFTID#giftId   GIFTID              the alias of a gift type
 *   room             ROOM#RoomId     ROOM                the alias of a stream
 *   room's end       ROOM#RoomId     END                 tencent/callbacks (for late callbacks)
 *   metadata         STREAM#s        METADATA            set_room_metadata
 *   blocked words    STREAM#s        WORDS               chat/change-settings
 *   gift categories  CATALOGUE       CATEGORIES          add_gift_category and the like
 *   gift's text      CATALOGUE       TEXT#of#id#language set_gift_language and the like
 *   webhook          WEBHOOK#all     SLOT#n, 2 digits    webhooks/* (at most 20)
 *   its secrets      SECRET#id       SECRET              webhooks/create, rotate-secret
 *   delivery         DELIVERY#to     id                  webhooks/deliver (to: webhook or tencent)
 *   deleted text     DELETION#s      id of the message   fan-out, post (text not to send)
 *   callbacks        CALLBACKS#app   CALLBACKS           live_config/set_callback
 *   user's bucket    BUCKET#u#kind   BUCKET              users near a rate limit (rates.ts)
 *   command's rate   RATE#app#name   RATE                commands limited to one call a second
 *   layout           LAYOUT          LAYOUT              npm start, npm run deploy (its version)
 *   read-only mark   LAYOUT          READ-ONLY           npm run read-only (read-only.ts)
 *
 * Ids of ObjectId form begin with their time, so sorting by id is sorting by time, to the second.
 */
export type Key = { PK: string; SK: string };

/** A number that sorts as text: 12 digits suffice for thirty years at a thousand a second. */
const padded = (n: number) => String(n).padStart(12, "0");

/** A key whose type shows its prefixes: `{ PK: "USER#…", SK: "NOTE#…" }`. */
const place = <PK extends string, SK extends string>(PK: PK, SK: SK) => ({ PK, SK });
const user = (userId: string) => `USER#${userId}` as const;
const wallet = (userId: string) => `WALLET#${userId}` as const;
const replay = (owner: string) => `REPLAY#${owner}` as const;
const stream = (streamId: string) => `STREAM#${streamId}` as const;
const channelMark = "channel:";
/** Replaces a stream's id in the keys of a host's channel. */
export const channelOf = (hostId: string) => `${channelMark}${hostId}`;
/** The host in the id of a channel; undefined if it is a stream's id. */
const hostIn = (owner: string) =>
  owner.startsWith(channelMark) ? owner.slice(channelMark.length) : undefined;
const crowd = (id: string, shard: string) => `CROWD#${id}#${shard}` as const;
/** The shards of the marks of an end: four keys carry 12,000 consistent reads a second. */
export const endMarkShards = ["0", "4", "8", "c"];
const catalogue = "CATALOGUE";
const giftTypes = "GIFTTYPE#all";

export const key = {
  layout: () => place("LAYOUT", "LAYOUT"),
  readOnly: () => place("LAYOUT", "READ-ONLY"),
  profile: (userId: string) => place(user(userId), "PROFILE"),
  username: (username: string) => place(`NAME#${username}`, "NAME"),
  /**
   * Separate from the user's other items, since leading keys let a role write a whole partition.
   */
  wallet: (userId: string) => place(wallet(userId), "WALLET"),
  reference: (userId: string, reference: string) => place(wallet(userId), `REF#${reference}`),
  entry: (userId: string, seq: number) => place(`LEDGER#${userId}`, padded(seq)),
  marker: (owner: string, hash: string) => place(replay(owner), hash),
  call: (owner: string, hash: string) => place(`CALL#${owner}`, `${prefix.calls}${hash}`),
  claim: (owner: string, hash: string) => place(replay(owner), `${hash}#claim`),
  /** Sorts after notifications under the older key, whose ids are smaller, too. */
  notification: (userId: string, id: string) => place(user(userId), `NOTE#~${id}`),
  olderNotification: (userId: string, id: string) => place(user(userId), `NOTE#${id}`),
  unread: (userId: string, id: string) => place(user(userId), `UNREAD#${id}`),
  readMark: (userId: string, id: string) => place(user(userId), `READ#${id}`),
  hosted: (userId: string, streamId: string) => place(user(userId), `HOSTED#${streamId}`),
  openStream: (userId: string, streamId: string) => place(user(userId), `OPEN#${streamId}`),
  hostedBan: (hostId: string, banId: string) => place(user(hostId), `BANNED#${banId}`),
  searchText: (text: string, userId: string) =>
    place(`FIND#${[...text][0] ?? ""}`, `${text}#${userId}`),
  searchSample: (hash: string, userId: string) => place("FIND#", `${hash}#${userId}`),
  device: (userId: string, hash: string) => place(user(userId), `DEVICE#${hash}`),
  pushToken: (hash: string) => place(`PUSH#${hash}`, "PUSH"),
  follower: (userId: string, relationId: string) => place(user(userId), `FOLLOWER#${relationId}`),
  following: (userId: string, followedId: string) => place(user(userId), `FOLLOWING#${followedId}`),
  followCounts: (userId: string) => place(user(userId), "FOLLOWS"),
  socket: (userId: string, connectionId: string) => place(user(userId), `SOCKET#${connectionId}`),
  member: (streamId: string, userId: string) => place(stream(streamId), `MEMBER#${userId}`),
  /** Shares the prefix of streams, whose functions read it: no stream has such an id. */
  channel: (hostId: string) => place(stream(channelOf(hostId)), "CHANNEL"),
  channelMember: (hostId: string, userId: string) =>
    place(stream(channelOf(hostId)), `MEMBER#${userId}`),
  /** One item per sender, excluded from the stream's records, because every message writes it. */
  sender: (streamId: string, userId: string) => place(`SENDER#${streamId}#${userId}`, "SENDER"),
  stream: (streamId: string) => place(stream(streamId), "META"),
  /** Separate from the messages: each of these keys is written once per message. */
  chat: (streamId: string) => place(`CHAT#${streamId}`, "CHAT"),
  act: (streamId: string, id: string) => place(stream(streamId), `ACT#${id}`),
  /** Level 0 is a bucket of numbers, higher levels are counts. */
  messageGap: (streamId: string, level: number, index: number) =>
    place(stream(streamId), `GONE#${level}#${padded(index)}`),
  message: (streamId: string, n: number) => place(stream(streamId), `MSG#${padded(n)}`),
  gift: (streamId: string, giftId: string, receiver = 0) =>
    place(stream(streamId), receiver === 0 ? `GIFT#${giftId}` : `GIFT#${giftId}#${receiver}`),
  escrow: (streamId: string, shard: string) => place(`ESCROW#${streamId}`, `PART#${shard}`),
  escrowOf: (streamId: string, userId: string) =>
    place(`ESCROW#${streamId}`, `PART#${shardOf(userId)}`),
  funded: (userId: string, streamId: string) => place(user(userId), `FUNDED#${streamId}`),
  guestOf: (userId: string, streamId: string) => place(user(userId), `GUEST#${streamId}`),
  planned: (at: string, streamId: string) =>
    place("PLANNED#due", `PLANNED#${at.slice(0, "2026-01-15T10:30".length)}#${streamId}`),
  moment: (streamId: string, id: string) => place(stream(streamId), `MOMENT#${id}`),
  openMoments: (streamId: string) => place(stream(streamId), "OPEN"),
  likers: (streamId: string) => place(stream(streamId), "LIKERS"),
  /** Likes and votes share a prefix: a reader of the table's stream has at most five filters. */
  like: (streamId: string, userId: string) =>
    place(crowd(streamId, shardOf(userId)), `LIKE#${userId}`),
  vote: (momentId: string, userId: string) =>
    place(crowd(momentId, shardOf(userId)), `VOTE#${userId}`),
  /** Marks that a stream or a poll is over, in some partitions of its likes or votes. */
  over: (id: string, shard: string) => place(crowd(id, shard), "OVER"),
  /** The mark that this user's calls check. */
  overFor: (id: string, userId: string) =>
    place(crowd(id, (Number.parseInt(shardOf(userId), 16) & 0xc).toString(16)), "OVER"),
  /** The anonymous remainder of erased users: of a stream's likes, or of a poll's votes. */
  crowdRest: (id: string) => place(`CROWD#${id}`, "REST"),
  totals: (streamId: string) => place(stream(streamId), "TOTALS"),
  fan: (streamId: string, userId: string) => place(stream(streamId), `FAN#${userId}`),
  /**
   * Separate from the stream, so that reads of leaderboards do not use up the throughput of its
   * key.
   */
  leaders: (streamId: string) => place(`LEADERS#${streamId}`, "LEADERS"),
  subscriber: (streamId: string, connectionId: string) =>
    place(`SUB#${streamId}`, `SUB#${shardOf(connectionId)}#${connectionId}`),
  /** In the partition of the stream's subscribers, so that one query reads both. */
  relayRoom: (streamId: string, node: string) => place(`SUB#${streamId}`, `NODE#${node}`),
  relayUsers: (streamId: string, node: string, part: number) =>
    place(`SUB#${streamId}`, `NODE#${node}#USERS#${part}`),
  relay: (node: string) => place(`MAIL#${node}`, "ALIVE"),
  mail: (node: string, id: string) => place(`MAIL#${node}`, `MAIL#${id}`),
  frame: (streamId: string, n: number) => place(`FRAMES#${streamId}`, padded(n)),
  visits: (streamId: string, userId: string) => place(stream(streamId), `VISIT#${userId}`),
  audience: (streamId: string) => place(stream(streamId), "AUDIENCE"),
  gathered: (streamId: string, id: string) => place(`GATHERED#${streamId}`, `GATHERED#${id}`),
  log: (streamId: string) => place(stream(streamId), "LOG"),
  connection: (connectionId: string) => place(`CONN#${connectionId}`, "CONN"),
  overlayKey: (owner: string, id: string) => place(`OVERLAY#${owner}`, `KEY#${id}`),
  overlayKeyCount: (owner: string) => place(`OVERLAY#${owner}`, "COUNT"),
  revokedUser: (userId: string) => place(`REVOKED#user#${userId}`, "REVOKED"),
  revokedToken: (hash: string) => place(`REVOKED#token#${hash}`, "REVOKED"),
  recentRevocation: (second: string, hash: string) => place("REVOKED#recent", `${second}#${hash}`),
  listedRevocation: (id: string) => place("REVOKED#listed", `LISTED#${id}`),
  tokenSocket: (hash: string, connectionId: string) =>
    place(`TOKEN#${hash}`, `SOCKET#${connectionId}`),
  ticket: (hash: string) => place(`TICKET#${hash}`, "TICKET"),
  tracedStream: (userId: string, streamId: string) =>
    place(`TRACE#${userId}`, `STREAM#${streamId}`),
  tracedGift: (userId: string, streamId: string, giftId: string) =>
    place(`TRACE#${userId}`, `GIFT#${streamId}#${giftId}`),
  tracedBan: (userId: string, banId: string) => place(`TRACE#${userId}`, `BAN#${banId}`),
  /** Sorts after the streams: an erasure that finds a host through a stream visits them later. */
  tracedHost: (userId: string, hostId: string) => place(`TRACE#${userId}`, `TEAM#${hostId}`),
  erasure: (userId: string) => place(`ERASURE#${userId}`, "ERASURE"),
  ban: (banId: string) => place(`BAN#${banId}`, "BAN"),
  giftPlace: (hash: string, streamId: string) => place(`GIFT#${hash}`, `STREAM#${streamId}`),
  parked: (day: string, id: string) => place(`${prefix.parked}${day}`, id),
  listedStream: (streamId: string) => place("LIST#streams", `STREAM#${streamId}`),
  liveStream: (streamId: string) => place("LIST#live", `LIVE#${streamId}`),
  reminder: (streamId: string, userId: string) => place(stream(streamId), `REMIND#${userId}`),
  /** By minute and then by user, so that a reader can skip all of one user's. */
  dueReminder: (at: string, userId: string, streamId: string) =>
    place("REMINDER#due", `REMIND#${at.slice(0, "2026-01-15T10:30".length)}#${userId}#${streamId}`),
  announcement: (hostId: string) => place(user(hostId), "ANNOUNCED"),
  notice: (streamId: string) => place("NOTICE#open", `NOTICE#${streamId}`),
  giftType: (giftTypeId: string) => place(`GIFTTYPE#${giftTypeId}`, "TYPE"),
  listedGiftType: (giftTypeId: string) => place(giftTypes, `TYPE#${giftTypeId}`),
  giftTypesVersion: () => place(giftTypes, "VERSION"),
  giftAlias: (giftId: string) => place(`GIFTID#${giftId}`, "GIFTID"),
  room: (roomId: string) => place(`ROOM#${roomId}`, "ROOM"),
  roomEnd: (roomId: string) => place(`ROOM#${roomId}`, "END"),
  giftCategories: () => place(catalogue, "CATEGORIES"),
  giftText: (of: "gift" | "category", id: string, language: string) =>
    place(catalogue, `TEXT#${of}#${id}#${language}`),
  webhook: (slot: number) =>
    place("WEBHOOK#all", `${prefix.webhooks}${String(slot).padStart(2, "0")}`),
  secrets: (webhookId: string) => place(`SECRET#${webhookId}`, "SECRET"),
  delivery: (receiverId: string, id: string) => place(`DELIVERY#${receiverId}`, id),
  deletion: (streamId: string, messageId: string) => place(`DELETION#${streamId}`, messageId),
  callbacks: () => place("CALLBACKS#app", "CALLBACKS"),
  roomMetadata: (streamId: string) => place(stream(streamId), "METADATA"),
  blockedWords: (streamId: string) => place(stream(streamId), "WORDS"),
  commandRate: (sdkAppId: number, command: string) => place(`RATE#${sdkAppId}#${command}`, "RATE"),
  resumeRate: (userId: string, second: number) => place(`RATE#resume#${userId}#${second}`, "RATE"),
  /** Separate from the other rates, since every function that a user calls may write it. */
  bucket: (userId: string, kind: string) => place(`BUCKET#${userId}#${kind}`, "BUCKET"),
  sweepPlace: () => place("SWEEP#due", "SWEEP"),
  /** Where the next sweep of pending deliveries continues. */
  deliverySweep: () => place("SWEEP#delivery", "SWEEP"),
  picture: (id: string) => place(`PICTURE#${id}`, "PICTURE"),
  /** Where the next sweep of pictures continues. */
  pictureSweep: () => place("SWEEP#pictures", "SWEEP"),
  postRate: (pool: string, slot: number) => place(`RATE#${pool}#${slot}`, "RATE"),
};

/** The partitions that a grant can name: the text before `#` in the keys above. */
export type Partition = Exclude<HeadOf<AnyKey["PK"]>, "LAYOUT">;

/** The prefixes of keys by kind of item: `STREAM GIFT`, for the partition and the sort key. */
type KeyHeads = HeadsOf<AnyKey>;

type AnyKey = ReturnType<(typeof key)[keyof typeof key]>;
type HeadOf<Text extends string> = Text extends `${infer Head}#${string}` ? Head : Text;
type HeadsOf<K extends Key> = K extends Key ? `${HeadOf<K["PK"]>} ${HeadOf<K["SK"]>}` : never;

/** The prefixes of sort keys, for queries over adjacent items. */
export const prefix = {
  notifications: "NOTE#",
  unread: "UNREAD#",
  readMarks: "READ#",
  following: "FOLLOWING#",
  hosted: "HOSTED#",
  openStreams: "OPEN#",
  hostedBans: "BANNED#",
  devices: "DEVICE#",
  followers: "FOLLOWER#",
  sockets: "SOCKET#",
  members: "MEMBER#",
  messages: "MSG#",
  acts: "ACT#",
  gifts: "GIFT#",
  calls: "CALL#",
  escrow: "PART#",
  funded: "FUNDED#",
  guestOf: "GUEST#",
  planned: "PLANNED#",
  listedRevocations: "LISTED#",
  fans: "FAN#",
  moments: "MOMENT#",
  likes: "LIKE#",
  votes: "VOTE#",
  subscribers: "SUB#",
  relayRooms: "NODE#",
  mail: "MAIL#",
  visits: "VISIT#",
  gathered: "GATHERED#",
  giftTypes: "TYPE#",
  listedStreams: "STREAM#",
  liveStreams: "LIVE#",
  parked: "PARKED#",
  webhooks: "SLOT#",
  reminders: "REMIND#",
  tracedStreams: "STREAM#",
  tracedHosts: "TEAM#",
  tracedBans: "BAN#",
  tracedGifts: "GIFT#",
  notices: "NOTICE#",
  overlayKeys: "KEY#",
} as const;

/** The sort keys of a stream's subscribers, split into ranges (a power of two, at most 16). */
export const subscriberRanges = (count: number): [low: string, high: string][] =>
  Array.from({ length: count }, (_, at) => {
    const [first, last] = [(at * 16) / count, ((at + 1) * 16) / count - 1];
    return [`SUB#${first.toString(16)}#`, `SUB#${last.toString(16)}$`];
  });

/** The partitions of a stream's likes, or a poll's votes. */
export const crowdPartitions = (id: string): { PK: string }[] =>
  Array.from({ length: 16 }, (_, at) => ({ PK: crowd(id, at.toString(16)) }));

/** The connection's id in a subscriber's sort key. */
export const connectionIn = (SK: string) => SK.slice("SUB#h#".length);

/**
 * The sparse index of what is due: gifts by receiver, oldest first, held gifts by sender, wallets
 * with a debt, and pending deliveries by webhook, in the order of their events.
 */
export const dueIndex = {
  name: "due",
  PK: "due",
  SK: "SK",
  debtors: "#debtors",
  deliveriesTo: (receiverId: string) => `#deliveries-${receiverId}`,
} as const;
/** The index key of a sender's held gifts, which no user id can equal. */
export const heldGiftsKey = (senderId: string) => `#held#${senderId}`;

/** A hex digit from an id, which spreads items of connections or users over 16 ranges or keys. */
function shardOf(connectionId: string): string {
  let state = 0;
  for (const char of connectionId) state = Math.imul(state ^ char.charCodeAt(0), 0x01000193) >>> 0;
  return ((state >>> 16) & 0xf).toString(16);
}

/** The kind of item in a stream record, derived from its key. */
export type ItemKind = (typeof kinds)[keyof typeof kinds] | "channel_member" | "other";

/**
 * Parses a key into the kind, the partition's id and the rest of the sort key. For an item of a
 * channel, `owner` is its host.
 */
export function readKey({ PK, SK }: Key): { kind: ItemKind; owner: string; rest: string } {
  const [partition = "", owner = ""] = split(PK);
  const [head = "", rest = ""] = split(SK);
  // The sort key of a ledger entry is its number, which begins with a zero.
  const name = partition === "LEDGER" ? "0" : head;
  const kind = kinds[`${partition} ${name}` as keyof typeof kinds] ?? "other";
  const hostId = hostIn(owner);
  if (hostId === undefined) return { kind, owner, rest };
  return { kind: kind === "member" ? "channel_member" : kind, owner: hostId, rest };
}

const kinds = {
  "STREAM META": "stream",
  "STREAM MEMBER": "member",
  "STREAM MSG": "message",
  "STREAM GIFT": "gift",
  "STREAM MOMENT": "moment",
  "CROWD LIKE": "like",
  "CROWD VOTE": "vote",
  "CALL CALL": "call",
  "SUB SUB": "subscriber",
  "STREAM LOG": "log",
  "USER NOTE": "notification",
  "USER PROFILE": "profile",
  "USER FOLLOWER": "relation",
  "LEDGER 0": "entry",
  "STREAM CHANNEL": "channel",
  "REVOKED REVOKED": "revocation",
  "OVERLAY KEY": "overlay_key",
} as const satisfies Partial<Record<KeyHeads, string>>;

function split(text: string): [string, string] {
  const at = text.indexOf("#");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

/**
 * The key prefixes of some kinds of items, by partition: the filter of an event source mapping, so
 * that a function is not called for records that it does not read.
 */
export function keyStartsOf(wanted: readonly ItemKind[]): { PK: string; SK: string[] }[] {
  const starts = new Map<string, string[]>();
  for (const [name, kind] of Object.entries(kinds)) {
    // A channel's members share the prefix of a stream's.
    const isWanted = kind === "member" && wanted.includes("channel_member");
    if (!isWanted && !wanted.includes(kind)) continue;
    const [partition = "", head = ""] = name.split(" ");
    starts.set(`${partition}#`, [...(starts.get(`${partition}#`) ?? []), head]);
  }
  return [...starts].map(([PK, SK]) => ({ PK, SK }));
}

/**
 * The kind of item that an audit reads, by key. `owner` is the user or stream, `rest` the remaining
 * sort key.
 */
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
  "CALL CALL": "call",
  "STREAM MEMBER": "member",
  "ESCROW PART": "escrow",
  "STREAM TOTALS": "totals",
  "STREAM FAN": "fan",
  "STREAM LOG": "log",
  "STREAM MOMENT": "moment",
  "CROWD LIKE": "like",
  "CROWD VOTE": "vote",
  "CROWD REST": "rest",
} as const satisfies Partial<Record<KeyHeads, string>>;

type MoneyKind = Paired | "entry" | "frame" | "other";
type Paired = (typeof moneyKinds)[keyof typeof moneyKinds];
