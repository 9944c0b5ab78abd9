import { type Connection, type FrameServer, messageOfUrl } from "./frame-server.ts";

/** Whether each direction of a socket works: a dead one drops data silently. */
type Health = { toServer: boolean; toClient: boolean };

/**
 * The network between clients and the server. While `faults` is on it delays, reorders, duplicates
 * and loses messages, cuts sockets, lets them fall silent, and refuses or swallows handshakes, as
 * `random` decides. Requires fake timers.
 */
export function createFaultProxy(server: FrameServer, random: () => number) {
  const chance = (share: number) => random() < share;
  const sockets: ProxySocket[] = [];
  let faults = true;
  /** Extra delay of subscribes, as when a whole room reconnects. */
  let slowMilliseconds = 0;
  const wrong: string[] = [];

  const later = (milliseconds: number, run: () => void) => void setTimeout(run, milliseconds);
  /** Delay of one message, sometimes so long that many messages overtake it. */
  const delay = () => {
    if (!faults) return 5 + random() * 20;
    return chance(0.05) ? random() * 5_000 : 5 + random() * 150;
  };

  class ProxySocket {
    readyState = 0;
    onopen: (() => void) | null = null;
    onmessage: ((event: { data: unknown }) => void) | null = null;
    onclose: (() => void) | null = null;
    onerror: (() => void) | null = null;
    health: Health = { toServer: true, toClient: true };
    /** Whether the client has closed it or seen it close. */
    isReleased = false;
    readonly connection: Connection;

    constructor(url: string, protocols: string[] = []) {
      const [, claims] = protocols[1]!.split(".");
      const { exp } = JSON.parse(Buffer.from(claims!, "base64url").toString());
      const post = (message: object) => this.deliver(message);
      this.connection = { tokenEndsAt: exp * 1000, streams: new Map(), post };
      if (sockets.some(({ isReleased }) => !isReleased)) wrong.push("two sockets at once");
      sockets.push(this);
      if (faults && chance(0.05)) return;
      const isRefused = this.connection.tokenEndsAt <= Date.now() || (faults && chance(0.15));
      later(delay(), () => (isRefused ? this.end() : this.accept(messageOfUrl(url))));
    }
    /** Accepts with the URL's subscription, which is part of the handshake and so is never lost. */
    accept(wanted: Parameters<FrameServer["take"]>[1] | undefined): void {
      if (this.readyState !== 0) return;
      this.readyState = 1;
      server.connections.add(this.connection);
      if (wanted !== undefined) later(slowMilliseconds * random(), () => this.arrive(wanted));
      this.onopen?.();
    }
    send(text: string): void {
      const message = JSON.parse(text);
      const isLost = !this.health.toServer || (faults && chance(0.05));
      if (isLost) return;
      const more = message.action === "subscribe" ? slowMilliseconds * random() : 0;
      later(delay() + more, () => this.arrive(message));
    }
    arrive(message: Parameters<FrameServer["take"]>[1]): void {
      if (!server.connections.has(this.connection)) return;
      const { requestId } = message;
      const statusCode = [429, 500, 503][Math.floor(random() * 3)];
      if (faults && chance(0.03))
        this.deliver({ type: "error", statusCode, errors: ["Not now"], requestId });
      else server.take(this.connection, message);
    }
    deliver(message: object): void {
      const data = JSON.stringify(message);
      const times = !faults ? 1 : chance(0.05) ? 0 : chance(0.08) ? 2 : 1;
      for (let n = 0; n < times; n++)
        later(delay(), () => {
          if (this.health.toClient && this.readyState === 1) this.onmessage?.({ data });
        });
    }
    /** The client closes it: a dead peer never confirms that. */
    close(): void {
      if (this.readyState > 1) return;
      this.readyState = 2;
      this.isReleased = true;
      const { toServer, toClient } = this.health;
      if (toServer) later(delay(), () => server.connections.delete(this.connection));
      if (toServer && toClient) later(delay(), () => this.onclose?.());
    }
    /** The server or a middlebox closes it, and the client sees the close. */
    end(): void {
      server.connections.delete(this.connection);
      if (this.readyState === 3) return;
      this.readyState = 3;
      this.isReleased = true;
      this.onerror?.();
      this.onclose?.();
    }
  }

  const live = () => sockets.filter(({ readyState }) => readyState === 1);

  /** The server closes a connection with a code, within 10 s. */
  function dismiss(socket: ProxySocket, code: number): void {
    socket.deliver({ type: "closing", code, reason: `Closing ${code}` });
    later(random() * 10_000, () => {
      if (socket.health.toClient) socket.end();
    });
  }

  const disasters: ((socket: ProxySocket) => void)[] = [
    (socket) => socket.end(),
    (socket) => Object.assign(socket.health, { toServer: false, toClient: false }),
    (socket) => Object.assign(socket.health, { toClient: false }),
    (socket) => Object.assign(socket.health, { toServer: false }),
    (socket) => dismiss(socket, 4401),
    (socket) => dismiss(socket, 4000),
    // The server has lost this connection's subscriptions, and the socket stays open.
    (socket) => socket.connection.streams.clear(),
    // The token has expired, and the server says so only in response to a request.
    (socket) => Object.assign(socket.connection, { tokenEndsAt: 0 }),
    () => {
      slowMilliseconds = chance(0.5) ? 0 : 15_000;
    },
  ];

  return {
    Socket: ProxySocket,
    wrong,
    /** Sockets that the client has neither closed nor seen closed. */
    open: () => sockets.filter(({ isReleased }) => !isReleased).length,
    count: () => sockets.length,
    /** Injects a random fault into one of the sockets. */
    strike(): void {
      const [socket] = live();
      if (socket) disasters[Math.floor(random() * disasters.length)]!(socket);
    },
    dismiss(code: number): void {
      const [socket] = live();
      if (socket) dismiss(socket, code);
    },
    /** The server ends one subscription with a reason. */
    block(streamId: string): void {
      for (const { connection } of live()) {
        connection.streams.delete(streamId);
        connection.post({ type: "unsubscribed", streamId, reason: "blocked" });
      }
    },
    /** No more faults from now on; dead sockets stay dead. */
    calm(): void {
      faults = false;
      slowMilliseconds = 0;
    },
  };
}
