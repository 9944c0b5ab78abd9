import { useSignal } from "@preact/signals";
import type { CallResult } from "../../client/index.ts";
import { changesOf } from "../draft.ts";
import { useDraft } from "../kept-drafts.ts";
import { Switch } from "./chat-settings.tsx";
import { Field, Select } from "./fields.tsx";

type Train = CallResult<"GET /api/v1/channel">["train"];

/** The form's values; levels are separated by commas. */
type Draft = Record<Exclude<keyof Train, "enabled">, string>;

const noChanges: Partial<Draft> = {};

const durations = { 60: "1 minute", 120: "2 minutes", 300: "5 minutes", 600: "10 minutes" };
const levelsMax = 10;
const creditsMax = 1_000_000_000;

const isWhole = (value: number, min: number, max: number) =>
  Number.isInteger(value) && value >= min && value <= max;

/** The durations to choose from, including one that was set elsewhere. */
const durationsWith = (seconds: number): Record<string, string> =>
  Object.hasOwn(durations, seconds) ? durations : { ...durations, [seconds]: `${seconds} s` };

const draftOf = ({ enabled: _, levels, ...numbers }: Train): Draft => ({
  startCredits: `${numbers.startCredits}`,
  startSenders: `${numbers.startSenders}`,
  windowSeconds: `${numbers.windowSeconds}`,
  levelSeconds: `${numbers.levelSeconds}`,
  levels: levels.join(", "),
});

const settingsOf = (draft: Draft): Omit<Train, "enabled"> => ({
  startCredits: Number(draft.startCredits),
  startSenders: Number(draft.startSenders),
  windowSeconds: Number(draft.windowSeconds),
  levelSeconds: Number(draft.levelSeconds),
  levels: draft.levels
    .split(/[\s,]+/)
    .filter(Boolean)
    .map(Number),
});

/** The problem with the settings, for users; empty if there is none. */
function problemOf({ startCredits, startSenders, levels }: Omit<Train, "enabled">): string {
  if (!isWhole(startCredits, 1, creditsMax)) return "Enter the credits that start a train";
  if (!isWhole(startSenders, 2, 50)) return "Enter 2 to 50 supporters";
  const isSound = (credits: number, at: number) =>
    isWhole(credits, 1, creditsMax) && credits > (levels[at - 1] ?? 0);
  return levels.length >= 1 && levels.length <= levelsMax && levels.every(isSound)
    ? ""
    : "Enter 1 to 10 levels, each higher than the one before";
}

/** Start conditions and levels of hype trains. Turning trains off cancels the open one. */
export function TrainFields({
  train,
  change,
}: {
  train: Train;
  change(changes: Partial<Train>): Promise<boolean>;
}) {
  /** The changed fields: the others show what is stored. */
  const draft = useDraft<Partial<Draft>>("hype train", noChanges);
  const shown: Draft = { ...draftOf(train), ...draft.value };
  const isSent = useSignal(false);
  const isSaved = useSignal(false);
  const settings = settingsOf(shown);
  const problem = problemOf(settings);
  const send = async () => {
    isSent.value = problem !== "";
    isSaved.value = false;
    if (problem !== "") return;
    const sent = draft.value;
    const changes = Object.entries(settings).filter(([name]) => Object.hasOwn(sent, name));
    if (!(await change(Object.fromEntries(changes)))) return;
    isSaved.value = draft.peek() === sent;
    draft.value = changesOf(sent, draft.peek());
  };
  const field = (name: keyof Draft) => {
    const take = (value: string) => {
      draft.value = { ...draft.value, [name]: value };
      isSaved.value = false;
    };
    return { value: shown[name], change: take };
  };
  return (
    <div class="moments">
      <p class="quiet">
        A hype train starts when viewers send gifts together, and goes up a level whenever they
        reach its goal. Applies to your current and future streams.
      </p>
      <form
        class="moment-form"
        aria-label="Hype train"
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <Switch
          name="Hype trains on"
          isOn={train.enabled}
          change={(enabled) => change({ enabled })}
        />
        <Field name="Credits to start" {...field("startCredits")} />
        <Field name="Supporters to start" {...field("startSenders")} />
        <Select
          name="Time window"
          choices={durationsWith(train.windowSeconds)}
          {...field("windowSeconds")}
        />
        <Field name="Level goals (total credits)" {...field("levels")} />
        <Select
          name="Time per level"
          choices={durationsWith(train.levelSeconds)}
          {...field("levelSeconds")}
        />
        {isSent.value && problem !== "" && (
          <p class="bad" role="alert">
            {problem}
          </p>
        )}
        <button type="submit" class="button primary">
          Save
        </button>
        <p class="quiet" role="status">
          {isSaved.value && "Saved"}
        </p>
      </form>
    </div>
  );
}
