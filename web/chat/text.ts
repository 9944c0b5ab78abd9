import { make } from "./dom.ts";

/** A URL with its scheme, or a username after an at sign. */
const marked = /(https?:\/\/[^\s<>"]+)|(?<![\w.@])@([A-Za-z0-9._-]{3,30})/g;
/** Trailing punctuation and brackets are not part of a URL. */
const after = /[.,:;!?'")\]}…]+$/;
/** Characters that change the direction of text. */
const turning = /\p{Bidi_Control}/u;

/**
 * A message's text with links and mentions. Links open in a new tab without an opener or a
 * referrer, and show the real host first: its lookalike characters appear in punycode.
 */
export function textNodes(content: string, me?: string): (Node | string)[] {
  const nodes: (Node | string)[] = [];
  let from = 0;
  for (const { 0: found, 1: address, 2: name = "", index } of content.matchAll(marked)) {
    const text =
      address === undefined ? `@${name.replace(/[.-]+$/, "")}` : found.replace(after, "");
    const node = address === undefined ? mention(text, me) : link(text);
    if (node === undefined) continue;
    nodes.push(content.slice(from, index), node);
    from = index + text.length;
  }
  return [...nodes, content.slice(from)].filter((node) => node !== "");
}

/** Whether a text mentions a user. */
export const isMentioned = (content: string, username: string) =>
  username !== "" &&
  [...content.matchAll(marked)].some(
    ([, , name]) => name?.replace(/[.-]+$/, "").toLowerCase() === username.toLowerCase(),
  );

const mention = (text: string, me = "") =>
  make("span", { class: `mention${isMentioned(text, me) ? " me" : ""}` }, text);

function link(text: string): HTMLElement | undefined {
  if (!URL.canParse(text)) return undefined;
  const { href, origin, username, password } = new URL(text);
  // Before an at sign there can be anything, even the name of another host.
  if (username + password !== "") return undefined;
  const isPlain = `${text}/`.startsWith(`${origin}/`) && !turning.test(text);
  const rel = "noopener noreferrer nofollow ugc";
  const given = { href, target: "_blank", rel, referrerpolicy: "no-referrer", dir: "ltr" };
  return make("a", given, isPlain ? text : href);
}
