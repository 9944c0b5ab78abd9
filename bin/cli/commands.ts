import type { Command } from "./command.ts";

/** Commands are loaded on demand, because loading takes most of the time of a call. */
const commands: Record<string, { says: string; load(): Promise<{ command: Command }> }> = {
  token: { says: "print a token for a user", load: () => import("./token.ts") },
  trigger: { says: "send messages, gifts and superlikes", load: () => import("./trigger.ts") },
  listen: { says: "print the events of a stream", load: () => import("./listen.ts") },
  audit: { says: "check that all credits add up", load: () => import("./audit.ts") },
  import: { says: "import users and balances from a file", load: () => import("./import.ts") },
  cost: { says: "estimate a month on AWS", load: () => import("./cost.ts") },
  smoke: { says: "test a system and measure its latency", load: () => import("./smoke.ts") },
  doctor: { says: "check that this machine can run Ovation", load: () => import("./doctor.ts") },
  completion: { says: "print shell completion for bash or zsh", load: loadCompletion },
};

async function loadCompletion(): Promise<{ command: Command }> {
  const { createCompletion } = await import("./completion.ts");
  return { command: createCompletion(commandNames, loadCommand) };
}

/** Names of all commands, in the order of the help. */
export const commandNames = Object.keys(commands);

/** A short description of a command. */
export const descriptionOf = (name: string): string | undefined => commands[name]?.says;

/** Loads a command; undefined if the name is unknown. */
export function loadCommand(name: string): Promise<Command> | undefined {
  if (!Object.hasOwn(commands, name)) return undefined;
  return commands[name]!.load().then(({ command }) => command);
}
