import { jest } from "@jest/globals";
import { createElement, type ReactElement, StrictMode } from "react";
import renderer from "react-test-renderer";
import {
  ClientProvider,
  type Stream,
  useClient,
  useConnection,
  useStream,
  useWallet,
  type WalletView,
} from "../../client/react.ts";
import { createChat, frameOf, said } from "./chat-server.ts";
import { createTestClient, jwt, pass, streamId } from "./fake-socket.ts";

const { act, create } = renderer;

beforeEach(() => {
  jest.useFakeTimers();
  // React's setting for tests, and the flag for an environment without a DOM.
  Object.assign(globalThis, {
    IS_REACT_ACT_ENVIRONMENT: true,
    IS_REACT_NATIVE_TEST_ENVIRONMENT: true,
  });
});
afterEach(() => {
  jest.useRealTimers();
});

/** A component that renders nothing and records what it gets at each render. */
function createProbe<Result, Props extends object>(use: (props: Props) => Result) {
  const seen: Result[] = [];
  const Probe = (props: Props) => {
    seen.push(use(props));
    return null;
  };
  return { element: (props: Props) => createElement(Probe, props), last: () => seen.at(-1)! };
}

function startClient() {
  const chat = createChat(3);
  let balance = 100;
  const fetcher = (async (url: string, wish: RequestInit) => {
    if (url.endsWith("/wallet")) return Response.json({ balance });
    if (url.endsWith("/superlike")) {
      balance -= 10;
      return Response.json({ price: 10 });
    }
    return chat.fetch(url, wish);
  }) as unknown as typeof fetch;
  const held = createTestClient({ fetch: fetcher, token: () => jwt(3600, "me") });
  return { ...held, chat };
}

async function mount(element: ReactElement) {
  let root!: ReturnType<typeof create>;
  await act(async () => {
    root = create(element);
  });
  return root;
}

const wait = (milliseconds: number) => act(() => pass(milliseconds));

test("useStream returns the chat, pending own messages, viewers and why the stream ended", async () => {
  const { client, chat, last } = startClient();
  const heard: string[] = [];
  const onEvent = ({ type }: { type: string }) => heard.push(type);
  const probe = createProbe(() => useStream(client, streamId, { limit: 2, onEvent }));
  const root = await mount(createElement(StrictMode, null, probe.element({})));
  expect(probe.last()).toMatchObject({ messages: [], isReady: false, viewers: 0 });
  await wait(20);
  await act(async () => last().greet());
  await wait(10);
  const texts = ({ messages }: Stream) => messages.map(({ content }) => content);
  expect(probe.last()).toMatchObject({ isReady: true, hasOlder: true, viewers: 1 });
  expect(texts(probe.last())).toEqual(["2", "3"]);
  await act(async () => last().say(frameOf(1, [said(chat.say("hi"))])));
  expect([texts(probe.last()), heard]).toEqual([["2", "3", "hi"], ["chat.message"]]);
  act(() => void probe.last().send("hello"));
  expect(probe.last().pending.map(({ content }) => content)).toEqual(["hello"]);
  await wait(10);
  expect(texts(probe.last())).toEqual(["2", "3", "hi", "hello"]);
  expect(probe.last().pending).toEqual([]);
  await act(async () => void (await probe.last().older()));
  expect(texts(probe.last())).toEqual(["1", "2", "3", "hi", "hello"]);
  await act(async () => last().say({ type: "unsubscribed", streamId, reason: "blocked" }));
  expect(probe.last().end).toMatchObject({ reason: "blocked" });
  act(() => root.unmount());
  client.close();
});

test("a chat whose subscription ends while it is read shows what was read", async () => {
  const { client, chat, last } = startClient();
  const { promise, resolve: arrive } = Promise.withResolvers<void>();
  chat.hold = promise;
  const probe = createProbe(() => useStream(client, streamId));
  const root = await mount(probe.element({}));
  await wait(20);
  await act(async () => last().greet());
  await wait(10);
  await act(async () => last().say({ type: "unsubscribed", streamId, reason: "blocked" }));
  arrive();
  await wait(10);
  expect(probe.last()).toMatchObject({ isReady: true, end: { reason: "blocked" } });
  expect(probe.last().messages).toHaveLength(3);
  act(() => root.unmount());
  client.close();
});

test("another stream replaces the first, and nothing of it is left", async () => {
  const { client, last } = startClient();
  const other = "64d15f9e2e6c8f4d5a123001";
  const probe = createProbe(({ id }: { id: string | undefined }) => useStream(client, id));
  const root = await mount(probe.element({ id: streamId }));
  await wait(20);
  await act(async () => last().greet());
  await wait(10);
  expect(probe.last().messages).toHaveLength(3);
  await act(async () => root.update(probe.element({ id: other })));
  expect(probe.last()).toMatchObject({ messages: [], isReady: false });
  expect(probe.last().end).toBeUndefined();
  expect(last().of("unsubscribe")).toMatchObject([{ streamId }]);
  expect(last().of("subscribe").at(-1)).toMatchObject({ streamId: other });
  await act(async () => root.update(probe.element({ id: undefined })));
  expect(() => probe.last().send("hello")).toThrow(TypeError);
  expect(await probe.last().older()).toBe(false);
  await act(async () => root.unmount());
  expect(last().of("unsubscribe")).toHaveLength(2);
  client.close();
});

test("a chat that cannot be read says why, and can be read again", async () => {
  const chat = createChat(3);
  let isRefused = true;
  const fetcher = async (...given: Parameters<typeof chat.fetch>) =>
    isRefused ? Response.json({ errors: ["No"] }, { status: 403 }) : chat.fetch(...given);
  const held = createTestClient({ fetch: fetcher as unknown as typeof fetch });
  const probe = createProbe(() => useStream(held.client, streamId));
  const root = await mount(probe.element({}));
  await wait(20);
  await act(async () => held.last().greet());
  await wait(10);
  expect(probe.last()).toMatchObject({ error: { statusCode: 403 }, isReady: false });
  const { retry } = probe.last();
  isRefused = false;
  await act(async () => retry());
  await wait(10);
  expect(probe.last()).toMatchObject({ error: undefined, isReady: true });
  expect(probe.last().messages).toHaveLength(3);
  await act(async () => held.last().say(frameOf(1, [said(chat.say("hi"))])));
  expect(probe.last().messages).toHaveLength(4);
  await act(async () => root.unmount());
  held.client.close();
});

test("useWallet returns the balance, also after a superlike", async () => {
  const { client } = startClient();
  const probe = createProbe<WalletView, object>(() => useWallet(client));
  const root = await mount(probe.element({}));
  await wait(20);
  expect(probe.last().wallet).toMatchObject({ balance: 100 });
  await act(async () => void (await client.sendSuperlike(streamId)));
  await wait(10);
  expect(probe.last().wallet).toMatchObject({ balance: 90 });
  await act(async () => root.unmount());
  client.close();
});

test("an earlier stream that never began leaves no error behind", async () => {
  const { client } = startClient();
  const probe = createProbe(({ id }: { id: string | undefined }) => useStream(client, id));
  const root = await mount(probe.element({ id: streamId }));
  await act(async () => root.update(probe.element({ id: "64d15f9e2e6c8f4d5a123001" })));
  await wait(10);
  expect(probe.last().error).toBeUndefined();
  await act(async () => root.unmount());
  client.close();
});

test("useWallet says why the wallet cannot be read, and stops reading when it is unmounted", async () => {
  let reads = 0;
  const { client } = createTestClient({
    fetch: (async () => {
      reads += 1;
      return Response.json({ errors: ["No"] }, { status: 403 });
    }) as unknown as typeof fetch,
  });
  const probe = createProbe<WalletView, object>(() => useWallet(client));
  const root = await mount(probe.element({}));
  await wait(20);
  expect(probe.last().error).toMatchObject({ statusCode: 403 });
  await act(async () => root.unmount());
  const before = reads;
  await client.sendSuperlike(streamId).catch(() => {});
  await pass(10);
  // The superlike itself.
  expect(reads).toBe(before + 1);
  client.close();
});

test("components share a client through its provider, and see its connection state", async () => {
  const { client, last } = startClient();
  const probe = createProbe(() => useConnection(useClient()));
  const root = await mount(createElement(ClientProvider, { client }, probe.element({})));
  expect(probe.last()).toBe("connecting");
  await wait(20);
  expect(probe.last()).toBe("online");
  await act(async () => last().drop());
  expect(probe.last()).toBe("offline");
  await act(async () => client.close());
  expect(probe.last()).toBe("ended");
  await act(async () => root.unmount());
  const said = jest.spyOn(console, "error").mockImplementation(() => {});
  await expect(mount(probe.element({}))).rejects.toThrow("no ClientProvider");
  said.mockRestore();
});
