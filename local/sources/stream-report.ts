/** How far a reader has come; sequence numbers are the engine's. */
export type StreamReaderReport = {
  function: string;
  table: string;
  shard: number;
  position: string | null;
  pending: number;
  batches: number;
  delivered: number;
  failures: number;
  /** Nothing is left to do as far as the reader knows. */
  idle: boolean;
};

/** One reader: takes its shard's records in order, one batch at a time, until they are done. */
export type StreamReader = {
  wake(): void;
  redeliver(count: number): void;
  report(): StreamReaderReport;
  start(): void;
  /** Resolves when the batch at work is finished; its position is saved then. */
  stop(): Promise<void>;
};
