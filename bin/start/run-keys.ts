import { spawn, spawnSync } from "node:child_process";
import type { System } from "../../local/index.ts";
import type { TokenRequest } from "../../local/issuer.ts";
import { demoIds, demoPeople } from "./demo.ts";
import { type KeyAction, listenToKeys } from "./key-actions.ts";

type Run = {
  system: System;
  /** Prints the start block again. */
  printBlock(): void;
  /** Stops the system, and starts it again on the same port and data. */
  restart(): Promise<void>;
  quit(): void;
};

const say = (text: string) => console.log(text);

const tokenSeconds = 3600;

/**
 * Whether a user can press keys: input and output are a terminal, and the program runs in its
 * foreground. A background process would be stopped as soon as it reads keys.
 */
export function hasKeyboard(): boolean {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return false;
  const { stdout, status } = spawnSync("ps", ["-o", "stat=", "-p", String(process.pid)], {
    encoding: "utf8",
  });
  // Windows has neither `ps` nor background process groups.
  return status !== 0 || stdout.includes("+");
}

/** Connects the terminal's keys with the run. Returns a function that restores the terminal. */
export function attachKeys(run: Run): () => void {
  const restoreTerminal = listenToKeys(process.stdin, listActions(run), {
    say,
    interrupted: run.quit,
  });
  process.once("exit", restoreTerminal);
  return restoreTerminal;
}

/** The keys' actions while the system runs. Simulated viewers end with the process. */
function listActions({ system, printBlock, restart, quit }: Run): KeyAction[] {
  const { url } = system;
  let leave: (() => void) | undefined;
  return [
    { key: "o", says: "open Studio in the browser", act: () => openPage(`${url}/`) },
    {
      key: "s",
      says: "start or stop simulated viewers",
      async act() {
        if (leave !== undefined) {
          leave();
          leave = undefined;
          return say("Simulated viewers stopped.");
        }
        // Loaded on demand: most starts do not need it.
        const { simulateViewers } = await import("../../web/studio/simulation.ts");
        const tokensOf = (member: TokenRequestOf) => () => fetchToken(url, member);
        leave = simulateViewers({ url, streamId: demoIds.streamId, tokensOf });
        say("Eight simulated viewers chat and send gifts; press s to stop them.");
      },
    },
    { key: "g", says: "johndoe gives a rose", act: () => giveRose(system) },
    {
      key: "c",
      says: "clear the screen",
      act() {
        process.stdout.write("\u001bc");
        printBlock();
      },
    },
    { key: "r", says: "restart", act: restart },
    { key: "q", says: "quit", act: quit },
  ];
}

type TokenRequestOf = Pick<TokenRequest, "sub" | "claims"> & { credits?: number };

async function fetchToken(url: string, member: TokenRequestOf): Promise<string> {
  const body = JSON.stringify({ ...member, expiresIn: tokenSeconds });
  const answer = await fetch(`${url}/local/token`, { method: "POST", body });
  const { token, errors } = (await answer.json()) as { token?: string; errors?: string[] };
  if (token === undefined) throw new Error(errors?.join("; ") ?? "no token");
  return token;
}

async function giveRose({ url, issuer }: System): Promise<void> {
  const { sub, groups, claims } = demoPeople[0]!;
  const { token } = await issuer.sign({ sub, groups, claims, expiresIn: tokenSeconds });
  const { createClient } = await import("../../client/index.ts");
  const client = createClient({ url, token });
  try {
    await client.sendGift(demoIds.streamId, demoIds.giftTypeId);
    say("johndoe gave a rose.");
  } finally {
    client.close();
  }
}

/** How each system opens a URL. It is ours, and has no characters that a shell would interpret. */
const openers: Partial<Record<NodeJS.Platform, string[]>> = {
  darwin: ["open"],
  win32: ["cmd", "/c", "start", ""],
};

function openPage(url: string): void {
  const [program = "", ...given] = openers[process.platform] ?? ["xdg-open"];
  const child = spawn(program, [...given, url], { stdio: "ignore", detached: true });
  // A machine without a browser or without this program.
  child.once("error", () => say(`Open ${url} in a browser.`));
  child.once("exit", (code) => code !== 0 && say(`Open ${url} in a browser.`));
  child.unref();
}
