/** What the guides tell people to type, as tests find it in them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { menu } from "../../bin/build/build-guides.ts";

const root = join(import.meta.dirname, "../..");

/** Every page with commands: the guides of `/docs/guides`, and the README. */
export const guides: readonly string[] = ["README.md", ...Object.values(menu).flat()];

export const readGuide = (path: string): string => readFileSync(join(root, path), "utf8");

/** A fenced block; `name` is the file that it is, where it is one. */
export type Block = { language: string; name: string; text: string };

/** The fenced blocks of a Markdown text, those of lists without their indentation. */
export const blocksOf = (markdown: string): Block[] =>
  [...markdown.matchAll(/^( *)```(\w*)(?: (\S+))?\n([\s\S]*?)^\1```$/gm)].map(
    ([, indent = "", language = "", name = "", text = ""]) => {
      return { language, name, text: text.replaceAll(new RegExp(`^${indent}`, "gm"), "") };
    },
  );

const isShell = ({ language }: Block) => ["sh", "bash", "shell", "console"].includes(language);

/** The first line of blocks that cannot run here; readers see it, too. */
const needsAccount = /^# needs an AWS account/;

/** The blocks that are commands, with those that only an account of AWS can run. */
export const shellBlocks = (path: string): Block[] => blocksOf(readGuide(path)).filter(isShell);

/** The blocks to paste into a shell next to a running system. */
export const pastedBlocks = (path: string): Block[] =>
  shellBlocks(path).filter(({ text }) => !needsAccount.test(text));

/** The blocks that need an AWS account. */
export const accountBlocks = (path: string): Block[] =>
  shellBlocks(path).filter(({ text }) => needsAccount.test(text));

/** Whether a line is something that one types into a shell. */
export const startsProgram = (line: string): boolean =>
  /^(npm|npx|node|curl|aws|docker|eval|export|[A-Z_]+=\S+) /.test(line);

/** The commands that stand in the text itself, in backticks. */
export function inlineCommands(path: string): string[] {
  const prose = readGuide(path).replace(/^( *)```[\s\S]*?^\1```$/gm, "");
  return [...prose.matchAll(/`([^`]+)`/g)]
    .map(([, text = ""]) => text.replaceAll(/\s+/g, " "))
    .filter(startsProgram);
}

/** How a command that stands in the text is tried. */
export type Trial = "start" | "account" | "outside" | "own" | "paste";

/** What starts or ends a system, or needs it to be down: each has tests of its own. */
const starts = /^(LOG=json )?npm (start|ci|run reset-logs$)/;
/** What another company's machine answers, or publishes. */
const outside =
  /^(aws|npx cdk|curl https:|npm (publish|install|run install:browser|run smoke -- --url https:))/;
/** What runs for long, or writes into the checkout: it has to be there, with what it names. */
const own =
  /^([A-Z_]+=\S+ )*npm (test|run (-s )?(test:|bench|check|documents|examples|pictures|release-bundle|synth|build))/;
const account =
  /--(stage|table)|npm run (deploy|destroy|drill|migrate --|read-only|restore|writable)/;

/** The first that fits; everything else is pasted. */
export function trialOf(command: string): Trial {
  if (starts.test(command)) return "start";
  if (outside.test(command)) return "outside";
  if (own.test(command)) return "own";
  return account.test(command) ? "account" : "paste";
}
