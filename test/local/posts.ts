import { createHash, randomBytes } from "node:crypto";
import { park } from "../../platform/store/money/parked.ts";
import { key } from "../../platform/table/keys.ts";
import {
  asWhom,
  changedBody,
  fitting,
  makeWorld,
  type Operation,
  pathOf,
} from "../api/operations.ts";
import {
  admin,
  apiUrl,
  call,
  eventually,
  freshId,
  giftType,
  liveStream,
  type Person,
  person,
  topUp,
} from "../api/people.ts";
import { picture } from "../api/picture-files.ts";

/** The request of one POST. */
type Sent = { path: string; body?: unknown; raw?: FormData };

/** A POST that succeeds, and a different request to the same route. */
export type Post = Sent & {
  as?: Person;
  /** Undefined if the route has only one possible request. */
  other: Partial<Sent> | undefined;
  /** Returns another token of the caller, if the call revokes the one it was made with. */
  renew?: () => Promise<Person>;
};

const api = "/api/v1";
const live = `${api}/live-stream`;

/** A new stream of a new host, before it goes live. */
async function plannedStream(more: object = {}) {
  const host = await person();
  const plannedStartDate = new Date(Date.now() + 7_200_000).toISOString();
  const body = { title: "Planned", plannedStartDate, ...more };
  const made = await call(`POST ${live}/create`, { as: host, body });
  return { host, id: made.body.data.id as string };
}

async function sentGift() {
  const [{ id }, giftTypeId, as] = await Promise.all([liveStream(), giftType(10), person()]);
  await topUp(as, 20);
  const give = async () => {
    const body = { giftTypeId, liveStreamId: id };
    return (await call(`POST ${api}/gifts/create`, { as, body })).body.data.id as string;
  };
  return {
    path: `${api}/gifts/${await give()}/refund`,
    other: `${api}/gifts/${await give()}/refund`,
  };
}

/** A picture, different each time. */
function pictureForm(field: string): FormData {
  const form = new FormData();
  form.append(field, new Blob([picture("image/png")], { type: "image/png" }), "a.png");
  return form;
}

/** A parked record of a deleted gift; the table must be open. */
async function parkedId(as: Person): Promise<string> {
  const giftId = freshId();
  const image = { ...key.gift(freshId(), giftId), kind: "gift", due: "ann", dueCredits: 1 };
  await park(image, new Error("unfit"), new Date());
  const { list } = (await call(`GET ${api}/operations/parked?limit=100`, { as })).body.data;
  return list.find((one: { giftId: string }) => one.giftId === giftId).id;
}

async function webhook(as: Person, url: string) {
  const body = { url, events: ["webhook.test"] };
  return `${api}/webhooks/${(await call(`POST ${api}/webhooks`, { as, body })).body.data.id}`;
}

/** The finished delivery of a new webhook. */
async function delivered(as: Person, url: string) {
  const path = await webhook(as, url);
  await call(`POST ${path}/test`, { as });
  const list = async () => (await call(`GET ${path}/deliveries`, { as })).body.data.list;
  const [row] = await eventually(list, ([row]) => row?.status === "delivered");
  return `${path}/deliveries/${row.id}/resend`;
}

/** A code of the local issuer, as a browser would send it. */
async function signInCode() {
  const { authorizationEndpoint, clientId, scope } = (await call(`GET ${api}/sign-in`)).body.data;
  const codeVerifier = randomBytes(32).toString("base64url");
  const redirectUri = `${apiUrl()}/console`;
  const asked = {
    response_type: "code",
    client_id: clientId,
    redirect_uri: redirectUri,
    scope,
    code_challenge: createHash("sha256").update(codeVerifier).digest("base64url"),
    code_challenge_method: "S256",
    login_hint: freshId(),
  };
  const url = `${authorizationEndpoint}?${new URLSearchParams(asked)}`;
  const back = await fetch(url, { redirect: "manual" });
  const code = new URL(back.headers.get("location")!).searchParams.get("code");
  return { code, codeVerifier, redirectUri };
}

const poll = { kind: "poll", title: "Which one?", options: ["a", "b"], seconds: 600 };

/** Ends an open moment of a new stream; the different request names another moment. */
async function openMoment(how: "end" | "cancel"): Promise<Post> {
  const { host, id } = await liveStream();
  const path = async () => {
    const made = await call(`POST ${live}/${id}/moments`, { as: host, body: poll });
    return `${live}/${id}/moments/${made.body.data.id}/${how}`;
  };
  return { as: host, path: await path(), other: { path: await path() } };
}

/** Requests that need preparation; `inbox` is the URL of a webhook receiver. */
const special: Record<string, (inbox: string) => Promise<Post>> = {
  [`${api}/follow/{userId}`]: async () => {
    const { as, known } = await makeWorld();
    const other = { path: `${api}/follow/${as.id}` };
    return { as: await person(), path: `${api}/follow/${known.recipientId}`, other };
  },
  [`${api}/gifts/gift-types/{id}/image`]: async () => ({
    as: await admin(),
    path: `${api}/gifts/gift-types/${await giftType(1)}/image`,
    raw: pictureForm("image"),
    other: { raw: pictureForm("image") },
  }),
  [`${api}/users/me/photo`]: async () => ({
    as: await person(),
    path: `${api}/users/me/photo`,
    raw: pictureForm("photo"),
    other: { raw: pictureForm("photo") },
  }),
  [`${live}/{streamId}/passes/{userId}/refund`]: async () => {
    const [host, as, another] = [await person(), await person(), await person()];
    const made = await call(`POST ${live}/create`, { as: host, body: { title: "Paid", price: 1 } });
    const liveStreamId = made.body.data.id as string;
    await call(`POST ${live}/join-as-creator`, { as: host, body: { liveStreamId } });
    for (const one of [as, another]) {
      await topUp(one, 1);
      await call(`POST ${live}/join`, { as: one, body: { liveStreamId } });
    }
    const refund = (user: Person) => `${live}/${liveStreamId}/passes/${user.id}/refund`;
    return { as: await admin(), path: refund(as), other: { path: refund(another) } };
  },
  [`${api}/gifts/{id}/refund`]: async () => {
    const { path, other } = await sentGift();
    return { as: await admin(), path, other: { path: other } };
  },
  [`${api}/notifications/read-all`]: async () => {
    const as = await person();
    const body = { userId: as.id, title: "t", message: "m", type: "system", category: "system" };
    for (let at = 0; at < 3; at++)
      await call(`POST ${api}/notifications`, { as: await admin(), body });
    return { as, path: `${api}/notifications/read-all`, other: undefined };
  },
  [`${api}/notifications/device-token`]: async () => {
    const body = { token: freshId(), platform: "ios", deviceId: "d1" };
    const other = { body: { ...body, platform: "web" } };
    return { as: await person(), path: `${api}/notifications/device-token`, body, other };
  },
  [`${api}/operations/parked/{id}/redrive`]: async () => {
    const as = await admin();
    const path = `${api}/operations/parked/${await parkedId(as)}/redrive`;
    return { as, path, other: { path: `${api}/operations/parked/${await parkedId(as)}/redrive` } };
  },
  [`${api}/users/me/sign-out`]: async () => {
    const { id } = await person();
    // Tokens of earlier seconds end; one of the next second is valid again.
    const iat = Math.floor(Date.now() / 1000) - 5;
    const as = await person({ id, claims: { iat } });
    const renew = async () => {
      await new Promise((done) => setTimeout(done, 1_100));
      return person({ id });
    };
    return { as, path: `${api}/users/me/sign-out`, other: undefined, renew };
  },
  [`${live}/{streamId}/cancel`]: async () => {
    const { host, id } = await plannedStream();
    const other = { path: `${live}/${(await plannedStream()).id}/cancel` };
    return { as: host, path: `${live}/${id}/cancel`, other };
  },
  [`${live}/join-as-creator`]: async () => {
    const { host, id } = await plannedStream();
    const other = { body: { liveStreamId: (await plannedStream()).id } };
    return { as: host, path: `${live}/join-as-creator`, body: { liveStreamId: id }, other };
  },
  [`${live}/join-as-guest`]: async () => {
    const as = await person();
    await call(`GET ${api}/users/me`, { as });
    const { host, id } = await plannedStream({ guests: [as.id] });
    await call(`POST ${live}/join-as-creator`, { as: host, body: { liveStreamId: id } });
    const other = { body: { liveStreamId: (await liveStream()).id } };
    return { as, path: `${live}/join-as-guest`, body: { liveStreamId: id }, other };
  },
  [`${live}/{streamId}/moments`]: async () => {
    const { host, id } = await liveStream();
    const other = { body: { ...poll, title: "Which other one?" } };
    return { as: host, path: `${live}/${id}/moments`, body: poll, other };
  },
  [`${live}/{streamId}/moments/{momentId}/end`]: () => openMoment("end"),
  [`${live}/{streamId}/moments/{momentId}/cancel`]: () => openMoment("cancel"),
  [`${live}/{streamId}/fund`]: async () => {
    const { id } = await plannedStream({ fundingGoal: 5 });
    const as = await person();
    await topUp(as, 10);
    return { as, path: `${live}/${id}/fund`, body: { amount: 1 }, other: { body: { amount: 2 } } };
  },
  [`${live}/{streamId}/reminder`]: async () => {
    const { id } = await plannedStream();
    const other = { body: { minute: 10 } };
    return { as: await person(), path: `${live}/${id}/reminder`, body: { minute: 5 }, other };
  },
  [`${api}/sign-in`]: async () => ({
    path: `${api}/sign-in`,
    body: await signInCode(),
    other: { body: await signInCode() },
  }),
  [`${api}/webhooks/{id}/rotate-secret`]: async (inbox) => {
    const as = await admin();
    const path = `${await webhook(as, inbox)}/rotate-secret`;
    return { as, path, other: { path: `${await webhook(as, inbox)}/rotate-secret` } };
  },
  [`${api}/webhooks/{id}/test`]: async (inbox) => {
    const as = await admin();
    const path = `${await webhook(as, inbox)}/test`;
    return { as, path, other: { path: `${await webhook(as, inbox)}/test` } };
  },
  [`${api}/webhooks/{id}/deliveries/{deliveryId}/resend`]: async (inbox) => {
    const as = await admin();
    return { as, path: await delivered(as, inbox), other: { path: await delivered(as, inbox) } };
  },
};

/** What the different request names: it is refused before it changes anything. */
let another: ReturnType<typeof makeWorld> | undefined;

/** All other POSTs: a request that fits the schema, and one with other values. */
async function generic(operation: Operation): Promise<Post> {
  another ??= makeWorld();
  const [world, elsewhere] = await Promise.all([makeWorld(), another]);
  const as = asWhom(operation, world);
  const path = pathOf(operation, world);
  if (operation.body === undefined)
    return { as, path, other: { path: pathOf(operation, elsewhere) } };
  const url = { url: "https://repeats.example.com/ovation", events: ["webhook.test"] };
  const body = fitting(operation.body, { ...world.known, ...url }) as object;
  return { as, path, body, other: { body: await changedBody(operation.body, body, elsewhere) } };
}

/** A POST of this operation that would succeed. */
export const preparePost = (operation: Operation, inbox: string): Promise<Post> =>
  special[operation.path]?.(inbox) ?? generic(operation);
