import { useSignal } from "@preact/signals";
import type { CallInput } from "../../client/index.ts";
import { Tabs } from "../tabs.tsx";
import { Line, Pick } from "./fields.tsx";

type Body = CallInput<"POST /api/v1/live-stream/{streamId}/moments">["body"];

const kinds = ["Poll", "Goal"] as const;
const optionsMax = 10;
const durations = { 60: "1 minute", 120: "2 minutes", 300: "5 minutes", 600: "10 minutes" };
const kindsOfGoal = { credits: "Credits", gifts: "Gifts", likes: "Likes" };
type GoalOf = keyof typeof kindsOfGoal;

/** The longest title and option that the API takes, in code points. */
const [titleMax, optionMax] = [200, 80];
const lengthOf = (text: string) => [...text.trim()].length;

/** What is wrong with a title, which is called `name`; empty if nothing is. */
function problemOf(title: string, name: "question" | "title"): string {
  if (title.trim() === "") return `Enter a ${name}`;
  return lengthOf(title) > titleMax ? `The ${name} is longer than ${titleMax} characters` : "";
}

/** What is wrong with a poll's options; empty if nothing is. An empty one is left out. */
function problemOfOptions(options: readonly string[]): string {
  const named = namedIn(options);
  const isRepeated = new Set(named).size < named.length;
  if (named.length < 2 || isRepeated) return "Enter at least two different options";
  const tooLong = options.findIndex((one) => lengthOf(one) > optionMax);
  return tooLong === -1 ? "" : `Option ${tooLong + 1} is longer than ${optionMax} characters`;
}

const namedIn = (options: readonly string[]) => options.map((one) => one.trim()).filter(Boolean);

/** Starts a poll or a goal. */
export function NewMoment({ start }: { start(body: Body): Promise<boolean> }) {
  const kind = useSignal<(typeof kinds)[number]>("Poll");
  return (
    <section class="new-moment" aria-label="New poll or goal">
      <Tabs
        label="Kind"
        names={kinds}
        selected={kind.value}
        select={(name) => {
          kind.value = name;
        }}
      />
      {kind.value === "Poll" ? <NewPoll start={start} /> : <NewGoal start={start} />}
    </section>
  );
}

type Given = { start(body: Body): Promise<boolean> };

function NewPoll({ start }: Given) {
  const title = useSignal("");
  const options = useSignal(["", ""]);
  const seconds = useSignal("120");
  const problem = problemOf(title.value, "question") || problemOfOptions(options.value);
  const submit = async () => {
    const sent = { title: title.value, options: options.value };
    const body = {
      kind: "poll" as const,
      title: sent.title.trim(),
      options: namedIn(sent.options),
    };
    if (!(await start({ ...body, seconds: Number(seconds.value) }))) return;
    if (title.peek() === sent.title) title.value = "";
    if (options.peek() === sent.options) options.value = ["", ""];
  };
  return (
    <MomentForm name="New poll" verb="Start poll" problem={problem} submit={submit}>
      <Line
        name="Question"
        value={title.value}
        change={(value) => {
          title.value = value;
        }}
      />
      {options.value.map((option, at) => (
        <Line
          key={at}
          name={`Option ${at + 1}`}
          value={option}
          change={(value) => {
            const all = options.value.map((one, place) => (place === at ? value : one));
            const isLast = at === all.length - 1 && value !== "" && all.length < optionsMax;
            options.value = isLast ? [...all, ""] : all;
          }}
        />
      ))}
      <Pick
        name="Duration"
        of={durations}
        value={seconds.value}
        pick={(value) => {
          seconds.value = value;
        }}
      />
    </MomentForm>
  );
}

function NewGoal({ start }: Given) {
  const title = useSignal("");
  const target = useSignal("1000");
  const of = useSignal<GoalOf>("credits");
  const amount = Number(target.value);
  const problem =
    problemOf(title.value, "title") ||
    (Number.isInteger(amount) && amount >= 1 && amount <= 1_000_000_000
      ? ""
      : "Enter a target from 1 to 1,000,000,000 without separators");
  const submit = async () => {
    const sent = title.value;
    const body = { kind: "goal" as const, title: sent.trim(), of: of.value };
    if ((await start({ ...body, target: amount })) && title.peek() === sent) title.value = "";
  };
  return (
    <MomentForm name="New goal" verb="Start goal" problem={problem} submit={submit}>
      <Line
        name="Title"
        value={title.value}
        change={(value) => {
          title.value = value;
        }}
      />
      <Pick
        name="Of"
        of={kindsOfGoal}
        value={of.value}
        pick={(value) => {
          of.value = value as GoalOf;
        }}
      />
      <Line
        name="Target"
        value={target.value}
        change={(value) => {
          target.value = value;
        }}
      />
    </MomentForm>
  );
}

function MomentForm(given: {
  name: string;
  verb: string;
  problem: string;
  submit(): Promise<void>;
  children: preact.ComponentChildren;
}) {
  const isSent = useSignal(false);
  const isBusy = useSignal(false);
  const submit = async () => {
    isSent.value = given.problem !== "";
    if (isSent.value || isBusy.peek()) return;
    isBusy.value = true;
    await given.submit();
    isBusy.value = false;
  };
  return (
    <form
      class="moment-form"
      aria-label={given.name}
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      {given.children}
      {isSent.value && given.problem !== "" && (
        <p class="bad" role="alert">
          {given.problem}
        </p>
      )}
      <button type="submit" class="button primary" aria-disabled={isBusy.value}>
        {given.verb}
      </button>
    </form>
  );
}
