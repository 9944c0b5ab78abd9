import { formatted } from "../formats.ts";

/** A placeholder bar, not a zero, while a number is unknown. */
export const Count = ({ value }: { value: number | undefined }) =>
  value === undefined ? (
    <i class="count-wait" role="status" aria-label="Loading" />
  ) : (
    <span>{formatted(value)}</span>
  );

/** A number with a label above. */
export const Figure = ({ name, value }: { name: string; value: number | undefined }) => (
  <div>
    <dt>{name}</dt>
    <dd class="number">
      <Count value={value} />
    </dd>
  </div>
);
