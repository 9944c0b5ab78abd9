import { signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { curlLineOf, type Refused, type Request, refusedOf, type Wish } from "./api.ts";
import { Icon } from "./icons.ts";
import { Refusal } from "./pieces.tsx";

/** Something that is done by one call. */
export type Deed = {
  /** What it does, as a question names it: "Ban ann from Demo stream". */
  title: string;
  /** What follows from it, for what is asked about first. */
  warns?: string;
  /** The word on the button. */
  verb: string;
  wish: Wish;
  /** Takes the answer into the view, and says what was done. */
  done(answer: never): string;
  /** How to take it back, where the API can. */
  undo?(answer: never): Deed;
};

const question = signal<Deed | undefined>(undefined);
type Word = { id: number; says: string; refused?: Refused; undo?: Deed };
const words = signal<Word[]>([]);
let next = 1;
const wordMilliseconds = 12_000;

/** Tells what was done, for a while. */
export function tell(word: Omit<Word, "id">): void {
  const id = next++;
  words.value = [...words.value.slice(-2), { ...word, id }];
  setTimeout(() => forget(id), wordMilliseconds);
}

const forget = (id: number) => {
  words.value = words.value.filter((word) => word.id !== id);
};

/** Does it at once; answers whether it was done. */
export async function perform(deed: Deed): Promise<boolean> {
  try {
    const answer = await deed.wish.run<never>();
    tell({ says: deed.done(answer), ...(deed.undo && { undo: deed.undo(answer) }) });
    return true;
  } catch (error) {
    tell({ says: `${deed.title}: not done.`, refused: refusedOf(error) });
    return false;
  }
}

/** Asks once before it is done: for everything that takes something away. */
export function ask(deed: Deed): void {
  question.value = deed;
}

const copied = (text: string) => navigator.clipboard?.writeText(text).catch(() => {});

/** A call as it goes to the API, and as a line for a shell. */
export function CallBox({ request }: { request: Request }) {
  const isCopied = useSignal(false);
  const { method, path, body, files } = request;
  return (
    <div class="call">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard. */}
      <pre tabIndex={0}>
        <b>{method}</b> {path}
        {body !== undefined && `\n${JSON.stringify(body, null, 2)}`}
        {files !== undefined && `\n${JSON.stringify(files, null, 2)}`}
      </pre>
      <button
        type="button"
        class="button"
        onClick={() => {
          void copied(curlLineOf(request));
          isCopied.value = true;
        }}
      >
        <Icon name="copy" /> {isCopied.value ? "Copied" : "Copy as curl"}
      </button>
    </div>
  );
}

/** The one question before something is taken away: it names the thing and shows the call. */
export function Question() {
  const deed = question.value;
  const dialog = useRef<HTMLDialogElement>(null);
  const isBusy = useSignal(false);
  useEffect(() => {
    if (deed !== undefined && dialog.current?.open === false) dialog.current.showModal();
  }, [deed]);
  if (deed === undefined) return null;
  const close = () => {
    dialog.current?.close();
    question.value = undefined;
  };
  const confirm = async () => {
    isBusy.value = true;
    await perform(deed);
    isBusy.value = false;
    close();
  };
  return (
    <dialog ref={dialog} class="question" aria-labelledby="question" onClose={close}>
      <h2 id="question">
        <bdi>{deed.title}?</bdi>
      </h2>
      <p class="quiet">{deed.warns}</p>
      <CallBox request={deed.wish} />
      <footer>
        <button type="button" class="button" onClick={close}>
          Keep it
        </button>
        <button type="button" class="button filled" disabled={isBusy.value} onClick={confirm}>
          {deed.verb}
        </button>
      </footer>
    </dialog>
  );
}

/** What was done, with the way back. */
export function Words() {
  return (
    <div class="words" role="status">
      {words.value.map(({ id, says, refused, undo }) => (
        <div key={id} class={`word ${refused ? "bad-word" : ""}`}>
          <div>
            <bdi>{says}</bdi>
            {refused && <Refusal refused={refused} />}
          </div>
          {undo && (
            <button
              type="button"
              class="link"
              onClick={() => {
                forget(id);
                void perform(undo);
              }}
            >
              Undo
            </button>
          )}
          <button type="button" class="tool" aria-label="Dismiss" onClick={() => forget(id)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  );
}
