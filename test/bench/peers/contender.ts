/** A system that is measured: it runs in processes of its own, of which `pid` is the first. */
export type Contender = {
  name: string;
  /** The pid of its first process; the others are its children. */
  pid(): number;
  /** What the viewers' process needs to connect that many viewers. */
  wish(viewers: number): Promise<ViewersWish>;
  /** Sends one event as a speaker; whether it was acknowledged in the end. */
  speak(content: string, n: number): Promise<boolean>;
  /** Ends it as a power cut does, and starts it again on what it has kept. */
  crash(): Promise<void>;
  /** Ends its relay alone in the same way, where it has one. */
  crashRelay?(): Promise<void>;
  stop(): Promise<void>;
};

/** How viewers connect: by which protocol, each to its own URL, from which addresses in turn. */
export type ViewersWish = {
  protocol: Protocol;
  urls: string[];
  streamId?: string;
  addresses?: string[];
};

export type Protocol = "frames" | "plain" | "socket-io" | "socket-io-offsets";

/** How long a speaker tries to bring one event in. */
export const speakMillisecondsMax = 30_000;
