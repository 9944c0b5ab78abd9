import { useComputed, useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { CopyButton } from "../copy-button.tsx";
import { formatted } from "../formats.ts";
import { deliveries } from "./delivery-check.ts";
import { Icon } from "./icons.ts";
import { counts, curlLineOf, type Line, lines, replay } from "./network-log.ts";
import { isDown, kill, outage } from "./stream-state.ts";

const arrows = { call: "⇄", out: "→", in: "←", note: "·" };
const times = new Intl.DateTimeFormat("en", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
  hourCycle: "h23",
});

/** Arrow up and down move the focus from line to line: only one line is in the Tab order. */
function walk(event: KeyboardEvent & { currentTarget: HTMLElement }): void {
  const lines = [...event.currentTarget.children] as HTMLElement[];
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  lines[lines.indexOf(event.target as HTMLElement) + step]?.focus();
}

/** All calls and frames, and the number of lost and duplicate events. */
export function LogsPanel() {
  const isOpen = useSignal(false);
  const { calls, frames } = counts.value;
  return (
    <section class={isOpen.value ? "logs open" : "logs"} aria-label="Logs">
      <header class="logs-head">
        <button
          type="button"
          class="logs-toggle"
          aria-expanded={isOpen.value}
          onClick={() => {
            isOpen.value = !isOpen.value;
          }}
        >
          <Icon name="chevron" /> Logs
        </button>
        <span class="quiet number logs-counts">
          {formatted(calls)} calls, {formatted(frames)} messages received
        </span>
        <Verdict />
        <button
          type="button"
          class="button danger"
          aria-disabled={isDown.value}
          onClick={() => void kill()}
        >
          <Icon name="kill" /> Kill the server
        </button>
      </header>
      {isOpen.value && <Lines />}
    </section>
  );
}

function Verdict() {
  const { events, lost, doubled } = deliveries.value;
  const back = outage.value?.milliseconds;
  const isExact = lost === 0 && doubled === 0;
  return (
    <span class={isExact ? "verdict good" : "verdict bad"}>
      <Icon name={isExact ? "check" : "warning"} />
      {/* Without the number of events: a screen reader would read it again at each event. */}
      <span class="number" role="status">
        {formatted(lost)} lost, {formatted(doubled)} duplicated
      </span>
      <span class="quiet number logs-counts">
        of {formatted(events)} shown
        {back !== undefined && `, server restarted in ${(back / 1000).toFixed(1)} s`}
      </span>
    </span>
  );
}

function Lines() {
  const chosen = useSignal<Line | undefined>(undefined);
  const who = useSignal("");
  const list = useRef<HTMLDivElement>(null);
  const people = useComputed(() => [...new Set(lines.value.map((line) => line.who))].sort());
  const shown = useComputed(() =>
    lines.value.filter((line) => who.value === "" || line.who === who.value).slice(-200),
  );
  const isFollowing = useRef(true);
  const top = useRef(0);
  const stop = (shown.value.find(({ id }) => id === chosen.value?.id) ?? shown.value.at(-1))?.id;
  useEffect(() => {
    const isWalked = list.current?.contains(document.activeElement);
    if (isFollowing.current && !isWalked) list.current?.scrollTo(0, list.current.scrollHeight);
  }, [shown.value]);
  return (
    <div class="logs-body">
      <div class="logs-filter">
        <label>
          <span class="hidden">Connection</span>
          <select
            value={who.value}
            onChange={(event) => {
              who.value = event.currentTarget.value;
            }}
          >
            <option value="">All</option>
            {people.value.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
      </div>
      <section
        class="lines"
        aria-label="Calls and messages"
        ref={list}
        onKeyDown={walk}
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
          const isAtEnd = scrollHeight - scrollTop - clientHeight < 24;
          // Only scrolling up leaves the end: lines may have come since an earlier scroll.
          isFollowing.current = isAtEnd || (isFollowing.current && scrollTop >= top.current);
          top.current = scrollTop;
        }}
      >
        {shown.value.map((line) => (
          <button
            key={line.id}
            type="button"
            tabIndex={line.id === stop ? 0 : -1}
            class={`line ${line.kind} ${(line.status ?? 200) >= 400 ? "bad" : ""}`}
            aria-pressed={chosen.value?.id === line.id}
            onClick={() => {
              chosen.value = line;
            }}
          >
            <span class="quiet">{times.format(line.at)}</span>
            <span class="line-who">{line.who}</span>
            <span class="arrow">{arrows[line.kind]}</span>
            <span class="line-title">{line.title}</span>
            <span>{line.status ?? ""}</span>
            <span class="quiet">
              {line.milliseconds === undefined ? "" : `${Math.round(line.milliseconds)} ms`}
            </span>
            <span class="quiet">{line.bytes > 0 ? `${formatted(line.bytes)} B` : ""}</span>
          </button>
        ))}
      </section>
      {chosen.value !== undefined && (
        <Detail
          line={chosen.value}
          close={() => {
            chosen.value = undefined;
          }}
        />
      )}
    </div>
  );
}

/** A line in full. It takes the focus, and closes with Escape. */
function Detail({ line, close }: { line: Line; close(): void }) {
  const detail = useRef<HTMLElement>(null);
  useLayoutEffect(() => detail.current?.focus(), [line]);
  return (
    <section
      ref={detail}
      class="detail"
      aria-label={line.title}
      tabIndex={-1}
      onKeyDown={({ key }) => key === "Escape" && close()}
    >
      <header>
        <b>{line.title}</b>
        <CopyButton
          label={line.request ? "Copy as curl" : "Copy"}
          text={() => (line.request ? curlLineOf(line) : (line.got ?? line.sent ?? ""))}
        >
          <Icon name="copy" />
        </CopyButton>
        {line.request && (
          <button type="button" class="button" onClick={() => void replay(line)}>
            <Icon name="replay" /> Replay
          </button>
        )}
        <button type="button" class="tool" aria-label="Close details" onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: scroll areas need a keyboard stop. */}
      <pre tabIndex={0}>{[line.sent, line.got].filter(Boolean).map(pretty).join("\n\n")}</pre>
    </section>
  );
}

function pretty(text: string | undefined): string {
  try {
    return JSON.stringify(JSON.parse(text ?? ""), undefined, 2);
  } catch {
    return text ?? "";
  }
}
