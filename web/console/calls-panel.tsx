import { useSignal } from "@preact/signals";
import { CallBox } from "./actions.tsx";
import { type Called, called } from "./api.ts";
import { Icon } from "./icons.ts";

const lineOf = ({ method, path }: Called) => `${method} ${path}`;
const isGood = ({ status }: Called) => status >= 200 && status < 400;

/** All calls of this page: the console uses nothing but the API. */
export function CallsPanel() {
  const isOpen = useSignal(false);
  const shown = useSignal<number | undefined>(undefined);
  const [newest] = called.value;
  return (
    <section class={`calls ${isOpen.value ? "is-open" : ""}`} aria-label="Calls">
      <button
        type="button"
        class="calls-head"
        aria-expanded={isOpen.value}
        onClick={() => {
          isOpen.value = !isOpen.value;
        }}
      >
        <Icon name="chevron" />
        <span>Calls</span>
        <span class="number quiet">{called.value.length}</span>
        {newest && !isOpen.value && (
          <code class="newest">
            {lineOf(newest)} <Status call={newest} />
          </code>
        )}
      </button>
      {isOpen.value && (
        <ol class="calls-list">
          {called.value.map((call) => (
            <li key={call.id}>
              <button
                type="button"
                class="calls-line"
                aria-expanded={shown.value === call.id}
                onClick={() => {
                  shown.value = shown.value === call.id ? undefined : call.id;
                }}
              >
                <Status call={call} />
                <code>{lineOf(call)}</code>
                <span class="number quiet">{call.milliseconds} ms</span>
              </button>
              {shown.value === call.id && <CallBox request={call} />}
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

const Status = ({ call }: { call: Called }) => (
  <span class={`number ${isGood(call) ? "good" : "bad"}`}>{call.status || "–"}</span>
);
