const numbers = new Intl.NumberFormat("en");

/** A number that is not there yet is a bar, not a zero. */
export const Count = ({ value }: { value: number | undefined }) =>
  value === undefined ? (
    <i class="count-wait" role="status" aria-label="Loading" />
  ) : (
    <span>{numbers.format(value)}</span>
  );

/** A number below its name. */
export const Figure = ({ name, value }: { name: string; value: number | undefined }) => (
  <div>
    <dt>{name}</dt>
    <dd class="number">
      <Count value={value} />
    </dd>
  </div>
);
