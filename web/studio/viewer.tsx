import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { Client, Notification } from "../../client/index.ts";
import { reasonOf } from "../chat/reason.ts";
import { formatted } from "../formats.ts";
import { ErrorText, useAction } from "../host/action.tsx";
import { wordsOf } from "../labels.ts";
import { Moment } from "../moment.tsx";
import { type DemoUser, nameOfDemoUser } from "../runner.ts";
import { ChatPane } from "./chat-pane.tsx";
import { Icon } from "./icons.ts";
import type { socketsOf } from "./network-log.ts";
import { Popover } from "./popover.tsx";
import { demoUsers } from "./stream-state.ts";

type Entry = {
  id: string;
  type: string;
  direction: "credit" | "debit";
  amount: number;
  balanceAfter: number;
  occurredAt: string;
};

const entriesMax = 30;
const noticesMax = 20;

/** One viewer's pane: a demo user with their chat and wallet. */
export function Viewer({ first, who, place }: { first: DemoUser; who: string; place: string }) {
  const user = useSignal(first);
  const isLedger = useSignal(false);
  const notices = useSignal<Notification[]>([]);
  const unread = useSignal(0);
  const client = useSignal<Client | undefined>(undefined);
  const sockets = useRef<ReturnType<typeof socketsOf> | undefined>(undefined);
  const choose = (sub: string) => {
    const chosen = demoUsers.value.find((one) => one.sub === sub);
    if (chosen === undefined) return;
    notices.value = [];
    unread.value = 0;
    isLedger.value = false;
    user.value = chosen;
  };
  return (
    <section class={`viewer card ${place}`} aria-label={who}>
      <ChatPane
        user={user.value}
        who={who}
        isCovered={isLedger.value}
        onClient={(made, watched) => {
          client.value = made;
          sockets.current = watched;
        }}
        onNotification={(notification) => {
          const pushed = [notification, ...notices.value];
          notices.value = pushed.slice(0, noticesMax);
          if (!isLedger.value) unread.value++;
        }}
      >
        <label slot="title" class="login">
          <span class="hidden">{who} is</span>
          <select value={user.value.sub} onChange={(event) => choose(event.currentTarget.value)}>
            {demoUsers.value.map((one) => (
              <option key={one.sub} value={one.sub}>
                {nameOfDemoUser(one)}
              </option>
            ))}
          </select>
        </label>
        <Tools
          who={who}
          unread={unread.value}
          cut={() => sockets.current?.cut()}
          loseFrame={() => sockets.current?.loseFrame()}
          openLedger={() => {
            unread.value = 0;
            isLedger.value = true;
          }}
        />
      </ChatPane>
      {isLedger.value && client.value !== undefined && (
        <Ledger
          client={client.value}
          user={user.value}
          pushed={notices.value}
          close={() => {
            isLedger.value = false;
          }}
        />
      )}
    </section>
  );
}

type ToolsProps = {
  who: string;
  unread: number;
  cut(): void;
  loseFrame(): void;
  openLedger(): void;
};

/** Connection faults for one viewer, and their wallet. */
function Tools({ who, unread, cut, loseFrame, openLedger }: ToolsProps) {
  const item = (name: "plug" | "drop" | "wallet", says: string, act: () => void) => (
    <button type="button" class="item" onClick={act}>
      <Icon name={name} /> {says}
    </button>
  );
  return (
    <Popover
      slot="tools"
      class="tools"
      summary={
        <summary class="tool" aria-label={`${who} tools${unread > 0 ? `, ${unread} unread` : ""}`}>
          <Icon name="more" size={20} />
          {unread > 0 && <span class="dot number">{unread}</span>}
        </summary>
      }
    >
      {item("plug", "Disconnect", cut)}
      {item("drop", "Drop next frame", loseFrame)}
      {item("wallet", "Ledger and notifications", openLedger)}
    </Popover>
  );
}

type LedgerProps = { client: Client; user: DemoUser; pushed: Notification[]; close(): void };

/**
 * A wallet's transactions and its owner's notifications, read every 4 s. Notifications pushed to
 * this page are shown at once; the list also has those sent before it opened or had a socket.
 */
function Ledger({ client, user, pushed, close }: LedgerProps) {
  const entries = useSignal<Entry[] | undefined>(undefined);
  const stored = useSignal<Notification[] | undefined>(undefined);
  /** Why the newest read failed. */
  const readError = useSignal("");
  const again = useRef<(() => void) | undefined>(undefined);
  const closer = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => closer.current?.focus(), []);
  useEffect(() => {
    const readInto = async <Row,>(list: Signal<Row[] | undefined>, path: string) => {
      list.value = (await client.call<{ list: Row[] }>("GET", path)).list;
    };
    const read = async () => {
      readError.value = await Promise.all([
        readInto(entries, `/api/v1/users/me/transactions?limit=${entriesMax}`),
        readInto(stored, `/api/v2/notifications?limit=${noticesMax}`),
      ]).then(() => "", reasonOf);
    };
    again.current = () => {
      readError.value = "";
      void read();
    };
    void read();
    const timer = setInterval(() => void read(), 4_000);
    return () => clearInterval(timer);
  }, [client]);
  const { act, errorText } = useAction();
  const remind = (key: string) => {
    const body = {
      userId: user.sub,
      type: "system",
      category: "live_stream",
      title: "Good evening",
      message: "Pushed over the WebSocket.",
      metadata: {},
    };
    return client.call("POST", "/api/v1/notifications", body, key);
  };
  const known = stored.value ?? [];
  const isKnown = ({ id }: Notification) => known.some((one) => one.id === id);
  const notices = [...pushed.filter((one) => !isKnown(one)), ...known]
    .sort((a, b) => b.createdAt.localeCompare(a.createdAt))
    .slice(0, noticesMax);
  return (
    <div
      class="ledger"
      role="dialog"
      aria-label={`Ledger of ${nameOfDemoUser(user)}`}
      onKeyDown={({ key }) => key === "Escape" && close()}
    >
      <header>
        <h2>{nameOfDemoUser(user)}</h2>
        <button ref={closer} type="button" class="tool" aria-label="Close ledger" onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      {(entries.value === undefined || stored.value === undefined) && (
        <ErrorText text={readError.value} retry={() => again.current?.()} />
      )}
      <h3>
        Notifications
        <button type="button" class="link" onClick={() => void act(remind)}>
          Send test
        </button>
      </h3>
      <ErrorText text={errorText} />
      {stored.value !== undefined && notices.length === 0 && (
        <p class="quiet">No notifications yet</p>
      )}
      {notices.map(({ id, title, message }) => (
        <p key={id} class="notice">
          <Icon name="bell" />
          <span>
            <strong>{title}</strong> {message}
          </span>
        </p>
      ))}
      <h3>Ledger</h3>
      {entries.value?.length === 0 && <p class="quiet">No transactions yet</p>}
      <table>
        <tbody>
          {entries.value?.map(({ id, type, direction, amount, balanceAfter, occurredAt }) => (
            <tr key={id}>
              <td>
                {wordsOf(type)}
                <p class="quiet">
                  <Moment at={occurredAt} />
                </p>
              </td>
              <td class={`number ${direction}`}>
                {direction === "debit" ? "−" : "+"}
                {formatted(amount)}
              </td>
              <td class="number quiet">{formatted(balanceAfter)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
