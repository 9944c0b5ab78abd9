import { join } from "node:path";
import { type Command, exitCodes, UsageError } from "./command.ts";

const program = join(import.meta.dirname, "..", "ovation.ts");

/** Quotes a text for a shell. */
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** Defines `ovation` as a shell function, so that there is a command to complete. */
const definition = `ovation() { ${quoted(process.execPath)} ${quoted(program)} "$@"; }`;

type Words = { name: string; words: string[] }[];

const shells: Record<string, (commands: Words) => string> = {
  bash: (commands) => `${definition}
_ovation() {
  local word="\${COMP_WORDS[COMP_CWORD]}" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then words="${commands.map(({ name }) => name).join(" ")}"
  else
    case "\${COMP_WORDS[1]}" in
${commands.map(({ name, words }) => `      ${name}) words="${words.join(" ")}" ;;`).join("\n")}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -F _ovation ovation`,
  zsh: (commands) => `${definition}
_ovation() {
  if (( CURRENT == 2 )); then compadd -- ${commands.map(({ name }) => name).join(" ")}
  else
    case "$words[2]" in
${commands.map(({ name, words }) => `      ${name}) compadd -- ${words.join(" ")} ;;`).join("\n")}
    esac
  fi
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
compdef _ovation ovation`,
};

type Load = (name: string) => Promise<Command> | undefined;

/** `ovation completion`: a shell script that completes commands, by these names, and options. */
export const createCompletion = (commandNames: readonly string[], load: Load): Command => ({
  usage: "bash|zsh",
  help: `Prints a script that defines \`ovation\` as a shell command with completion. Run
this in the shell, or add it to the shell's startup file:

  eval "$(npm run -s ovation -- completion bash)"`,
  options: {},
  choices: Object.keys(shells),
  wordsMax: 1,
  async run(_, [shell = ""]) {
    if (!Object.hasOwn(shells, shell))
      throw new UsageError(`Expected one of ${Object.keys(shells).join(", ")}, found '${shell}'`);
    const commands = await Promise.all(
      commandNames.map(async (name) => {
        const { options, choices = [] } = await load(name)!;
        const flags = ["help", ...Object.keys(options)].map((one) => `--${one}`);
        return { name, words: [...choices, ...flags] };
      }),
    );
    console.log(shells[shell]!(commands));
    return exitCodes.done;
  },
});
