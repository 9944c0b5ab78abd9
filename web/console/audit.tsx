import { fetchAudit, resultOf } from "../runner.ts";
import { refusedOf } from "./api.ts";
import { Icon } from "./icons.ts";
import { useLoad } from "./load.ts";
import { formatted, Refusal } from "./ui.tsx";

/** `issuedCredits` as readable text. */
const wordsOf = (name: string) =>
  name
    .replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
    .replace(/^./, (first) => first.toUpperCase());

/** Data that only the runner has: the audit of all credits. */
export function AuditView() {
  const { value, refused, reload } = useLoad("audit", fetchAudit);
  if (refused) return <Refusal refused={refusedOf(refused.says)} retry={reload} />;
  const misfits = value?.misfits ?? [];
  return (
    <section class="card audit" aria-label="Audit">
      <header class="card-head">
        <h2 class={value === undefined ? "quiet" : value.fits ? "good" : "bad"}>
          {value === undefined ? "Running audit…" : resultOf(value)}
        </h2>
        <button type="button" class="button" onClick={reload}>
          <Icon name="replay" /> Run again
        </button>
      </header>
      {misfits.length > 0 && (
        <ul class="misfits">
          {misfits.map(({ item, problem }) => (
            <li key={`${item} ${problem}`}>
              {problem} <code>{item}</code>
            </li>
          ))}
        </ul>
      )}
      <dl class="sums">
        {Object.entries(value?.sums ?? {}).map(([name, sum]) => (
          <div key={name}>
            <dt>{wordsOf(name)}</dt>
            <dd class="number">{formatted(sum)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
