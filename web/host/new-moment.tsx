import { type Signal, useSignal } from "@preact/signals";
import type { CallInput } from "../../client/index.ts";
import { bindSignal, savedDraft, updaterOf } from "../draft.ts";
import { useDraft } from "../kept-drafts.ts";
import { Tabs } from "../tabs.tsx";
import { ErrorText, useAction } from "./action.tsx";
import { Field, Select } from "./fields.tsx";

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

/** What is wrong with a poll's options; empty if nothing is. Empty options are left out. */
function problemOfOptions(options: readonly string[]): string {
  const named = namedIn(options);
  const isRepeated = new Set(named).size < named.length;
  if (named.length < 2 || isRepeated) return "Enter at least two different options";
  const tooLong = options.findIndex((one) => lengthOf(one) > optionMax);
  return tooLong === -1 ? "" : `Option ${tooLong + 1} is longer than ${optionMax} characters`;
}

const namedIn = (options: readonly string[]) => options.map((one) => one.trim()).filter(Boolean);

type Start = (body: Body, key: string) => Promise<unknown>;
type PollDraft = { title: string; options: readonly string[]; seconds: string };
type GoalDraft = { title: string; of: GoalOf; target: string };

const blankPoll: PollDraft = { title: "", options: ["", ""], seconds: "120" };
const blankGoal: GoalDraft = { title: "", of: "credits", target: "1000" };
/** The fields that a started poll or goal leaves for the next one. */
const minorFields = ["seconds", "of", "target"];

/** Starts a poll or a goal; `start` rejects if it is refused. */
export function NewMoment({ streamId, start }: { streamId: string; start: Start }) {
  const kind = useDraft<(typeof kinds)[number]>(`kind of moment in ${streamId}`, "Poll", true);
  const poll = useDraft(`poll in ${streamId}`, blankPoll, minorFields);
  const goal = useDraft(`goal in ${streamId}`, blankGoal, minorFields);
  return (
    <section class="new-moment" aria-label="New poll or goal">
      <Tabs label="Type" names={kinds} {...bindSignal(kind)} />
      {kind.value === "Poll" ? (
        <NewPoll draft={poll} start={start} />
      ) : (
        <NewGoal draft={goal} start={start} />
      )}
    </section>
  );
}

type Props<Draft> = { draft: Signal<Draft>; start: Start };

function NewPoll({ draft, start }: Props<PollDraft>) {
  const { title, options, seconds } = draft.value;
  const alter = updaterOf(draft);
  const problem = problemOf(title, "question") || problemOfOptions(options);
  const sent = draft.value;
  const started = () => {
    draft.value = savedDraft(sent, { ...blankPoll, seconds }, draft.peek());
  };
  const body: Body = {
    kind: "poll",
    title: title.trim(),
    options: namedIn(options),
    seconds: Number(seconds),
  };
  return (
    <MomentForm
      name="New poll"
      verb="Start poll"
      problem={problem}
      body={body}
      start={start}
      started={started}
    >
      <Field name="Question" value={title} change={(value) => alter({ title: value })} />
      {options.map((option, at) => (
        <Field
          key={at}
          name={`Option ${at + 1}`}
          value={option}
          change={(value) => {
            const all = options.map((one, place) => (place === at ? value : one));
            const isLast = at === all.length - 1 && value !== "" && all.length < optionsMax;
            alter({ options: isLast ? [...all, ""] : all });
          }}
        />
      ))}
      <Select
        name="Duration"
        choices={durations}
        value={seconds}
        change={(value) => alter({ seconds: value })}
      />
    </MomentForm>
  );
}

function NewGoal({ draft, start }: Props<GoalDraft>) {
  const { title, of, target } = draft.value;
  const alter = updaterOf(draft);
  const amount = Number(target);
  const problem =
    problemOf(title, "title") ||
    (Number.isInteger(amount) && amount >= 1 && amount <= 1_000_000_000
      ? ""
      : "Enter a target from 1 to 1,000,000,000 without separators");
  const sent = draft.value;
  const started = () => {
    draft.value = savedDraft(sent, { ...sent, title: "" }, draft.peek());
  };
  const body: Body = { kind: "goal", title: title.trim(), of, target: amount };
  return (
    <MomentForm
      name="New goal"
      verb="Start goal"
      problem={problem}
      body={body}
      start={start}
      started={started}
    >
      <Field name="Title" value={title} change={(value) => alter({ title: value })} />
      <Select
        name="Goal type"
        choices={kindsOfGoal}
        value={of}
        change={(value) => alter({ of: value })}
      />
      <Field name="Target" value={target} change={(value) => alter({ target: value })} />
    </MomentForm>
  );
}

function MomentForm(given: {
  name: string;
  verb: string;
  problem: string;
  body: Body;
  start: Start;
  /** Empties the form. */
  started(): void;
  children: preact.ComponentChildren;
}) {
  const isSent = useSignal(false);
  const { act, errorText, isBusy } = useAction();
  const submit = () => {
    isSent.value = given.problem !== "";
    if (isSent.value) return;
    const { body, start, started } = given;
    void act((key) => start(body, key).then(started), "", JSON.stringify(body));
  };
  return (
    <form
      class="moment-form"
      aria-label={given.name}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      {given.children}
      {isSent.value && given.problem !== "" && (
        <p class="bad" role="alert">
          {given.problem}
        </p>
      )}
      <ErrorText text={errorText} />
      <button type="submit" class="button primary" aria-disabled={isBusy}>
        {given.verb}
      </button>
    </form>
  );
}
