import { signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { LoadingRows } from "../host/action.tsx";
import { Channel, type Section } from "../host/channel.tsx";
import { Logo } from "../logo.tsx";
import { resultOf, tokensOf } from "../runner.ts";
import { Dialog } from "./dialog.tsx";
import { Icon } from "./icons.ts";
import { Popover } from "./popover.tsx";
import { simulateViewers } from "./simulation.ts";
import { Snippets } from "./snippets.tsx";
import { audit, bill, hostClient, isOver, runAudit, streamId } from "./stream-state.ts";

const dollars = (amount: number) => `$${amount.toFixed(amount < 0.1 ? 4 : 2)}`;
/** Stops the simulated viewers, if any. */
const stopCrowd = signal<(() => void) | undefined>(undefined);

/** Starts the simulated viewers. */
export function startSimulation(): void {
  const crowd = { url: location.origin, streamId: streamId.value, tokensOf };
  stopCrowd.value ??= simulateViewers(crowd);
}

function stopSimulation(): void {
  stopCrowd.value?.();
  stopCrowd.value = undefined;
}

const dialogs = [
  { name: "channel", icon: "channel", label: "Channel" },
  { name: "overlay", icon: "overlay", label: "Overlay" },
  { name: "snippets", icon: "code", label: "Use in your app" },
] as const;

/** The logo, simulated viewers, the AWS bill and the audit's result. */
export function TopBar() {
  const shown = useSignal<(typeof dialogs)[number]["name"] | undefined>(undefined);
  const close = () => {
    shown.value = undefined;
  };
  const simulation = stopCrowd.value ? "Stop simulated viewers" : "Start simulated viewers";
  useEffect(() => {
    if (isOver.value) stopSimulation();
  }, [isOver.value]);
  // The top bar is removed if the stream cannot be loaded.
  useEffect(() => stopSimulation, []);
  return (
    <header class="top-bar">
      <Logo />
      <span class="wordmark">
        Ovation <span class="quiet">Studio</span>
      </span>
      {!isOver.value && (
        <button
          type="button"
          class="button"
          title={simulation}
          onClick={() => (stopCrowd.value ? stopSimulation() : startSimulation())}
        >
          <Icon name={stopCrowd.value ? "pause" : "play"} />
          <span class="short">{simulation}</span>
        </button>
      )}
      <span class="gap" />
      <Bill />
      <AuditBadge />
      {dialogs.map(({ name, icon, label }) => (
        <button
          key={name}
          type="button"
          class="button"
          title={label}
          aria-haspopup="dialog"
          onClick={() => {
            shown.value = name;
          }}
        >
          <Icon name={icon} /> <span class="long">{label}</span>
        </button>
      ))}
      <a class="button" href="/docs" title="Reference">
        <Icon name="docs" /> <span class="long">Reference</span>
      </a>
      {shown.value === "snippets" && <Snippets close={close} />}
      {shown.value === "overlay" && <ChannelDialog first="Overlay" close={close} />}
      {shown.value === "channel" && <ChannelDialog first="Chat settings" close={close} />}
    </header>
  );
}

function Bill() {
  if (bill.value === undefined) return null;
  const { total = 0, ...items } = bill.value.dollars;
  const rows = Object.entries(items).sort(([, a], [, b]) => b - a);
  return (
    <Popover
      class="bill"
      summary={
        <summary class="button" title="Cost on AWS so far">
          <Icon name="receipt" />
          <span class="number">{dollars(total)}</span> <span class="quiet long">on AWS so far</span>
        </summary>
      }
    >
      <p>What this run would have cost on AWS, at list prices.</p>
      <table>
        <tbody>
          {rows.map(([name, amount]) => (
            <tr key={name}>
              <td>{name.replaceAll("_", " ")}</td>
              <td class="number">${amount.toFixed(6)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Popover>
  );
}

function AuditBadge() {
  const found = audit.value;
  const isRunning = found === "running" || found === undefined;
  const isGood = !isRunning && found !== "failed" && found.fits;
  const says = isRunning ? "Running audit…" : found === "failed" ? "Audit failed" : resultOf(found);
  return (
    <button
      type="button"
      class={`button ${isGood ? "good" : isRunning ? "" : "bad"}`}
      title="Run the audit again"
      onClick={() => void runAudit()}
    >
      <Icon name={isGood || isRunning ? "check" : "warning"} />
      <span class="long" role="status">
        {says}
      </span>
    </button>
  );
}

/** The streamer's channel settings, which apply to all streams. */
function ChannelDialog({ first, close }: { first: Section; close(): void }) {
  const host = hostClient.value;
  return (
    <Dialog title="Channel" kind="channel-dialog" close={close}>
      {host ? <Channel host={host} first={first} /> : <LoadingRows />}
    </Dialog>
  );
}
