import type { CallAnswer, FunctionCall } from "../model.ts";

/** The calls of one turn of the thread's event loop, numbered from `first`. */
export type CallsMessage = { kind: "calls"; first: number; calls: FunctionCall[] };
/** Responses by the numbers of their calls. */
export type AnswersMessage = { kind: "answers"; answers: [n: number, answer: CallAnswer][] };

/** Sends a call; `done` receives the response, if any. Returns a function that cancels it. */
export type SendCall = (call: FunctionCall, done: (answer: CallAnswer) => void) => () => void;

/** A larger message would block the runner for too long. */
const callsPerMessageMax = 500;

/** The thread's side: sends all calls of one turn of its event loop as one message. */
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

/** The runner's side: sends all responses of one turn of its event loop as one message. */
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
