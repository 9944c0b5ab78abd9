import { Figure } from "./figure.tsx";
import { summary } from "./show.ts";

/** The totals of an ended stream. */
export function Summary() {
  const found = summary.value;
  return (
    <section class="summary" aria-label="Stream summary">
      <h2>Stream ended</h2>
      <dl class="figures">
        <Figure name="Messages" value={found?.messages} />
        <Figure name="Peak viewers" value={found?.peak} />
        <Figure name="Total viewers" value={found?.viewers} />
        <Figure name="Gifts" value={found?.gifts} />
        <Figure name="Credits" value={found?.credits} />
      </dl>
    </section>
  );
}
