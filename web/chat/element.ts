import { type Client, createClient, type Options, OvationError } from "../../client/index.ts";
import { pollingSocket } from "../../client/polling.ts";
import { keepFocus } from "../keep-focus.ts";
import { serverNow, timed } from "../server-time.ts";
import styles from "./chat.css";
import { openRoom, type Room } from "./room.ts";
import type { ChatEnd } from "./state.ts";
import { claimsOf } from "./token.ts";
import { languageOf, translatorFor } from "./translations.ts";
import { View } from "./view.ts";

/** Options of the client, except for its address and token. */
export type ClientOptions = Partial<Omit<Options, "url" | "token">>;

let sheet: CSSStyleSheet | undefined;

/**
 * One sheet for all elements of a page; a constructed sheet is not subject to the page's style
 * policy.
 */
function sheetOf(): CSSStyleSheet {
  if (sheet === undefined) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(styles);
  }
  return sheet;
}

/**
 * `<ovation-chat url stream-id token lang theme moderation>`: a stream's chat with gifts, for any
 * page. `token` may also be a function, set as a property. Dispatches `ovation-event`,
 * `ovation-viewers`, `ovation-balance`, `ovation-state`, `ovation-error` and `ovation-end`, each
 * with its value in `detail`.
 */
export class OvationChat extends HTMLElement {
  static observedAttributes = ["url", "stream-id", "token", "lang", "moderation"];

  /** Set before the element is added to the page. */
  options: ClientOptions = {};
  #token: Options["token"] | undefined;
  #client: Client | undefined;
  /** The user in the token with which the chat was started; undefined if it was a function. */
  #userId: string | undefined;
  #streamId: string | undefined;
  #room: Room | undefined;
  #view: View | undefined;
  #isAsked = false;

  constructor() {
    super();
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheetOf()];
    keepFocus(this.shadowRoot!);
  }

  get token(): Options["token"] | undefined {
    return this.#token ?? this.getAttribute("token") ?? undefined;
  }

  set token(token: Options["token"] | undefined) {
    this.#token = token;
    this.#renew();
  }

  /** The element's client, for other calls of the same user; undefined before it has started. */
  get client(): Client | undefined {
    return this.#client;
  }

  connectedCallback(): void {
    if (this.#client === undefined) this.#ask();
  }

  disconnectedCallback(): void {
    // An element that is only moved keeps its state.
    queueMicrotask(() => this.isConnected || this.#stop());
  }

  attributeChangedCallback(name: string, before: string | null, now: string | null): void {
    if (before === now) return;
    if (name === "token") this.#renew();
    else this.#ask();
  }

  /** Restarts the chat with a new token, unless that is of the same user and the chat is open. */
  #renew(): void {
    const isOpen = this.#userId !== undefined && this.#view?.isEnded === false;
    if (!isOpen || claimsOf(this.token).sub !== this.#userId) this.#ask();
  }

  /** The newest token. One that has expired ends the chat until the page sets another. */
  async #readToken(): Promise<string> {
    // The client asks for its first token while it is created, before `#client` is set.
    await undefined;
    const { token = "" } = this;
    if (typeof token === "function") return token();
    const { exp = Number.POSITIVE_INFINITY } = claimsOf(token);
    if (exp * 1000 > serverNow()) return token;
    const error = new OvationError(401, ["The token has expired"]);
    if (this.#client?.connection.state !== "ended") {
      this.#end({ reason: error.message, statusCode: error.statusCode });
      this.#client?.close();
      this.#report(error);
    }
    throw error;
  }

  /** Shows why the chat is over. The page gets the first reason. */
  #end(end: ChatEnd): void {
    const isTold = this.#view?.isEnded;
    this.#view?.showEnd(end.reason, end.code);
    if (isTold === false) this.#tell("end", end);
  }

  #report(error: unknown): void {
    this.options.onError?.(error);
    this.#tell("error", error);
  }

  /** Batches changes made at the same time into one start, which keeps the user's draft. */
  #ask(): void {
    if (this.#isAsked || !this.isConnected) return;
    this.#isAsked = true;
    queueMicrotask(() => {
      this.#isAsked = false;
      const before = { user: this.#userId, stream: this.#streamId };
      const draft = this.#view?.composer.draft();
      this.#stop();
      if (!this.isConnected) return;
      this.#start();
      // The user of a token that a function returns is not known yet.
      const isSame = this.#userId === before.user && this.#streamId === before.stream;
      if (draft === undefined || before.user === undefined || !isSame) return;
      this.#view?.composer.restore(draft.text);
      this.#view?.composer.answer(draft.replyTo);
    });
  }

  #start(): void {
    const streamId = this.getAttribute("stream-id");
    if (this.token === undefined || !streamId) return;
    this.#userId = claimsOf(this.token).sub;
    this.#streamId = streamId;
    const language = this.closest("[lang]")?.getAttribute("lang") ?? navigator.language;
    const translator = translatorFor(languageOf(language));
    this.#view = new View(translator, {
      send: (text, replyTo) => this.#room?.send(text, replyTo),
      give: (type, count) => void this.#room?.give(type, count),
      superlike: () => void this.#room?.superlike(),
      pick: () => this.#room?.readWallet(),
      like: () => this.#room?.audience.like(),
      vote: (poll, options) => void this.#room?.audience.vote(poll, options),
      endMoment: (moment) => void this.#room?.audience.end(moment),
      act: (act, message, seconds) => void this.#room?.act(act, message, seconds),
      older: () => this.#room?.older(),
      people: () => this.#room?.people() ?? [],
    });
    this.shadowRoot!.replaceChildren(this.#view.element);
    const view = this.#view;
    const url = this.getAttribute("url") ?? location.origin;
    const { WebSocket } = this.options;
    const fetch = timed(this.options.fetch);
    this.#client = createClient({
      compact: true,
      ...this.options,
      url,
      fetch,
      WebSocket: pollingSocket({ url, fetch, WebSocket }),
      token: () => this.#readToken(),
      onState: (state, ...why) => {
        this.options.onState?.(state, ...why);
        if (state !== "ended") view.showState(state);
        this.#tell("state", state);
      },
      onError: (error) => this.#report(error),
    });
    this.#room = openRoom({
      client: this.#client,
      streamId,
      translator,
      view,
      moderates: this.hasAttribute("moderation"),
      onEvent: (event) => this.#tell("event", event),
      onViewers: (viewers) => this.#tell("viewers", viewers),
      onBalance: (credits) => this.#tell("balance", credits),
      onEnd: (end) => this.#end(end),
    });
  }

  #stop(): void {
    this.#room?.stop();
    this.#client?.close();
    this.#view?.stop();
    this.shadowRoot!.replaceChildren();
    this.#room = this.#client = this.#view = this.#userId = undefined;
  }

  #tell(name: "event" | "viewers" | "balance" | "state" | "error" | "end", detail: unknown): void {
    this.dispatchEvent(new CustomEvent(`ovation-${name}`, { detail }));
  }
}
