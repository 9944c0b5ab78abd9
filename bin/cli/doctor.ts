import packageJson from "../../package.json" with { type: "json" };
import { readSettings } from "../start/settings.ts";
import { type Command, exitCodes, UsageError } from "./command.ts";
import { checkAccount } from "./doctor-aws.ts";
import { checkMachine, type Finding } from "./doctor-checks.ts";

/** Findings: what every start needs, and what only a deployment needs. */
type Findings = { machine: Finding[]; deployment: Finding[] };

const nameWidth = 11;
const lineWidth = 80;

/** `ovation doctor`: reports what is missing on this machine, and how to fix it. */
export const command: Command = {
  usage: "[--json]",
  help: `Checks what \`npm start\` needs, with the settings of the environment: Node.js,
the port, permissions, disk and engine. Prints how to fix each problem; exit
code 1 if there is one. What only a deployment needs (AWS login, bootstrap,
quotas) is printed as a note.

  --json           prints JSON`,
  options: { json: { type: "boolean" } },
  wordsMax: 0,
  async run(values) {
    const read = readSettings(process.env);
    if ("faults" in read) throw new UsageError(read.faults.join("\n"));
    const [machine, deployment] = await Promise.all([checkMachine(read.settings), checkAccount()]);
    const isGood = machine.every((one) => one.isGood);
    const platform = `${process.platform} ${process.arch}`;
    if (values.json === true)
      console.log(JSON.stringify({ isGood, platform, machine, deployment }));
    else console.log(formatFindings({ machine, deployment }, platform));
    return isGood ? exitCodes.done : exitCodes.failed;
  },
};

/** Formats the findings in lines of at most 80 columns. */
export function formatFindings({ machine, deployment }: Findings, platform: string): string {
  const missing = machine.filter(({ isGood }) => !isGood).length;
  return [
    `Ovation ${packageJson.version} on ${platform}`,
    "",
    ...machine.flatMap((one) => describe(one, "fail")),
    "",
    "Needed only for a deployment:",
    ...deployment.flatMap((one) => describe(one, "note")),
    "",
    missing === 0
      ? "`npm start` has everything that it needs."
      : `${missing} problem${missing === 1 ? "" : "s"} to fix before \`npm start\`.`,
  ].join("\n");
}

function describe({ name, isGood, says, fix }: Finding, otherwise: string): string[] {
  const head = `  ${(isGood ? "ok" : otherwise).padEnd(5)} ${name.padEnd(nameWidth)} `;
  const lines = wrap(fix === undefined ? says : `${says}. ${fix}`, lineWidth - head.length);
  return lines.map((line, at) => (at === 0 ? head : " ".repeat(head.length)) + line);
}

/** Wraps a text between words; a longer word gets a line of its own. */
function wrap(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines.at(-1)!;
    if (last === "") lines[lines.length - 1] = word;
    else if (last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
