/** Finds the commands in the guides. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { menu } from "../../bin/build/build-guides.ts";

const root = join(import.meta.dirname, "../..");

/** Every page with commands: the guides of `/docs/guides`, and the README. */
export const guides: readonly string[] = ["README.md", ...Object.values(menu).flat()];

export const readGuide = (path: string): string => readFileSync(join(root, path), "utf8");

/** A fenced block; `name` is its file name, if it is a file. */
export type Block = { language: string; name: string; text: string };

/** The fenced blocks of a Markdown text; those in lists without their indentation. */
export const blocksOf = (markdown: string): Block[] =>
  [...markdown.matchAll(/^( *)```(\w*)(?: (\S+))?\n([\s\S]*?)^\1```$/gm)].map(
    ([, indent = "", language = "", name = "", text = ""]) => {
      return { language, name, text: text.replaceAll(new RegExp(`^${indent}`, "gm"), "") };
    },
  );

const isShell = ({ language }: Block) => ["sh", "bash", "shell", "console"].includes(language);

/** The first line of blocks that cannot run here; readers see it, too. */
const needsAccount = /^# needs an AWS account/;

/** The shell blocks, including those that need an AWS account. */
export const shellBlocks = (path: string): Block[] => blocksOf(readGuide(path)).filter(isShell);

/** The blocks to paste into a shell next to a running system. */
export const pastedBlocks = (path: string): Block[] =>
  shellBlocks(path).filter(({ text }) => !needsAccount.test(text));

/** The blocks that need an AWS account. */
export const accountBlocks = (path: string): Block[] =>
  shellBlocks(path).filter(({ text }) => needsAccount.test(text));

/** Whether a line starts with a command. */
export const startsProgram = (line: string): boolean =>
  /^(npm|npx|node|curl|aws|docker|eval|export|[A-Z_]+=\S+) /.test(line);

/** Commands within the text, in backticks. */
export function inlineCommands(path: string): string[] {
  const prose = readGuide(path).replace(/^( *)```[\s\S]*?^\1```$/gm, "");
  return [...prose.matchAll(/`([^`]+)`/g)]
    .map(([, text = ""]) => text.replaceAll(/\s+/g, " "))
    .filter(startsProgram);
}

/** How a command within the text is tested. */
export type Trial = "start" | "account" | "outside" | "own" | "paste";

/** Commands that start or stop a system, or need it stopped: each has tests of its own. */
const starts = /^(LOG=json )?npm (start|ci|run reset-logs$)/;
/** Commands that call other companies' services, or need Docker. */
const outside =
  /^(aws|docker|npx cdk|curl https:|npm (publish|install|run install:browser|run smoke -- --url https:))/;
/** Commands that run for long, or write into the checkout: only their existence is checked. */
const own =
  /^([A-Z_]+=\S+ )*npm (test|run (-s )?(test:|bench|check|documents|examples|format|pictures|release-bundle|synth|build))/;
const account =
  /--(stage|table)|npm run (deploy|destroy|drill|migrate --|read-only|restore|writable)/;

/** The first matching class; all other commands are pasted. */
export function trialOf(command: string): Trial {
  if (starts.test(command)) return "start";
  if (outside.test(command)) return "outside";
  if (own.test(command)) return "own";
  return account.test(command) ? "account" : "paste";
}
