import type { CallAnswer, FunctionCall } from "../model.ts";

/** Calls from one turn of the thread's event loop, numbered from `first`. */
export type CallsMessage = { kind: "calls"; first: number; calls: FunctionCall[] };
/** What calls are answered with, by their numbers. */
export type AnswersMessage = { kind: "answers"; answers: [n: number, answer: CallAnswer][] };

/** Sends a call; `done` receives its answer, if any. Returns a function that cancels it. */
export type SendCall = (call: FunctionCall, done: (answer: CallAnswer) => void) => () => void;

/** Of more calls in one message the runner would do nothing else for too long. */
const callsPerMessageMax = 500;

/** A thread's way to AWS: all calls of a turn of its loop leave as one message, if they are few. */
export function createCalls(post: (message: CallsMessage) => void): {
  send: SendCall;
  take(message: AnswersMessage): void;
} {
  const listeners = new Map<number, (answer: CallAnswer) => void>();
  let waiting: FunctionCall[] = [];
  let first = 0;

  function flush(): void {
    const calls = waiting.slice(0, callsPerMessageMax);
    waiting = waiting.slice(calls.length);
    post({ kind: "calls", first, calls });
    first += calls.length;
    if (waiting.length > 0) setImmediate(flush);
  }

  return {
    send(call, done) {
      const n = first + waiting.length;
      waiting.push(call);
      listeners.set(n, done);
      if (waiting.length === 1) setImmediate(flush);
      return () => void listeners.delete(n);
    },
    take({ answers }) {
      for (const [n, answer] of answers) {
        const done = listeners.get(n);
        listeners.delete(n);
        done?.(answer);
      }
    },
  };
}

/** The runner's side of it: answers that come in one turn of its loop leave as one message. */
export function createAnswers(post: (message: AnswersMessage) => void) {
  let answers: AnswersMessage["answers"] = [];
  const flush = () => {
    const gathered = answers;
    answers = [];
    post({ kind: "answers", answers: gathered });
  };
  return (n: number, answer: CallAnswer): void => {
    answers.push([n, answer]);
    if (answers.length === 1) setImmediate(flush);
  };
}
