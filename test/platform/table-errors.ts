/** Refusals of a table, as its client throws them. */
type Reason = { Code: string };

/** A write whose condition does not hold. */
export const conditionFailed = (message: string) =>
  Object.assign(new Error(message), { name: "ConditionalCheckFailedException", $metadata: {} });

/** A transaction that was cancelled, with one reason for each of its items. */
export const transactionCanceled = (reasons: Reason[]) =>
  Object.assign(new Error("cancelled"), {
    name: "TransactionCanceledException",
    CancellationReasons: reasons,
    $metadata: {},
  });
