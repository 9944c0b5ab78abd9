import { demoPeople } from "../start/demo.ts";
import { type Command, exitCodes, UsageError } from "./command.ts";
import { findTarget, targetOptions } from "./target.ts";

/** `ovation token`: prints a user's token, and nothing else. */
export const command: Command = {
  usage: "[NAME] [URL]",
  help: `Prints a token for a user of the system on this machine, valid for 24 hours.

  NAME  johndoe (default), host, admin, or any new user: A-Z a-z 0-9 _ -
  URL   the system's URL (default: this machine, at PORT or 4000); also --url

  curl -H "Authorization: Bearer $(npm run -s token -- johndoe)" \\
    http://127.0.0.1:4000/api/v1/wallet`,
  options: targetOptions,
  choices: demoPeople.map(({ name }) => name),
  wordsMax: 2,
  async run(values, [name = "johndoe", url]) {
    if (!/^[\w-]{1,64}$/.test(name))
      throw new UsageError(`NAME: expected 1 to 64 of A-Z a-z 0-9 _ -, found '${name}'`);
    const target = findTarget({ ...values, ...(url !== undefined && { url }) });
    console.log(await target.tokenOf(name));
    return exitCodes.done;
  },
};
