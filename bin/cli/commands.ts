import type { Command } from "./command.ts";

/** Commands are loaded on demand, because loading takes most of the time of a call. */
const commands: Record<string, { says: string; load(): Promise<{ command: Command }> }> = {
  token: { says: "a token of a user, for curl", load: () => import("./token.ts") },
  trigger: { says: "messages, gifts, superlikes", load: () => import("./trigger.ts") },
  listen: { says: "what happens in a stream", load: () => import("./listen.ts") },
  audit: { says: "proves that the money fits", load: () => import("./audit.ts") },
  import: { says: "users and balances from a file", load: () => import("./import.ts") },
  cost: { says: "what a month costs on AWS", load: () => import("./cost.ts") },
  smoke: { says: "whether it works, and how fast", load: () => import("./smoke.ts") },
  doctor: { says: "what is missing on this machine", load: () => import("./doctor.ts") },
  completion: { says: "for bash and zsh", load: loadCompletion },
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
