import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Client, Event } from "../../client/index.ts";
import type { ClientOptions, OvationChat } from "../chat/element.ts";
import { type DemoUser, tokensOf } from "../runner.ts";
import { fetchOf, socketsOf } from "./network-log.ts";
import { checkDelivery, streamId } from "./stream-state.ts";

type Sockets = ReturnType<typeof socketsOf>;

type Props = {
  user: DemoUser;
  /** The user's name in the Logs panel. */
  who: string;
  /** Whether something covers the chat. */
  isCovered?: boolean;
  onClient?: (client: Client, sockets: Sockets) => void;
  onEvent?: (event: Event) => void;
  onViewers?: (viewers: number) => void;
  onNotification?: NonNullable<ClientOptions["onNotification"]>;
  /** Content of the chat's head: elements with the slots `title` and `tools`. */
  children?: ComponentChildren;
};

/** The chat element of one demo user, with its network traffic recorded. */
export function ChatPane({ user, who, isCovered, children, ...given }: Props) {
  const chatElement = useRef<OvationChat>(null);
  const now = useRef(given);
  now.current = given;
  useEffect(() => {
    const chat = chatElement.current!;
    const sockets = socketsOf(who);
    let stopCheck: (() => void) | undefined;
    chat.options = {
      fetch: fetchOf(who),
      WebSocket: sockets.WebSocket as unknown as NonNullable<ClientOptions["WebSocket"]>,
      onNotification: (notification) => now.current.onNotification?.(notification),
    };
    chat.toggleAttribute("moderation", user.groups?.includes("admin") ?? false);
    const hear = (event: globalThis.Event) => {
      const { type, detail } = event as CustomEvent;
      if (type === "ovation-event") now.current.onEvent?.(detail);
      else now.current.onViewers?.(detail);
    };
    chat.addEventListener("ovation-event", hear);
    chat.addEventListener("ovation-viewers", hear);
    chat.token = tokensOf(user);
    // The element starts in the microtask after its token was set.
    setTimeout(() => {
      if (chat.client === undefined) return;
      stopCheck = checkDelivery(chat.client);
      now.current.onClient?.(chat.client, sockets);
    });
    return () => {
      stopCheck?.();
      chat.removeEventListener("ovation-event", hear);
      chat.removeEventListener("ovation-viewers", hear);
    };
  }, [user, who]);
  return (
    <ovation-chat ref={chatElement} stream-id={streamId.value} lang="en" inert={isCovered}>
      {children}
    </ovation-chat>
  );
}
