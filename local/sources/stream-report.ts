/** A reader's progress; sequence numbers are the engine's. */
export type StreamReaderReport = {
  function: string;
  table: string;
  shard: number;
  position: string | null;
  pending: number;
  batches: number;
  delivered: number;
  failures: number;
  /** True if the reader knows of nothing left to do. */
  idle: boolean;
};

/** A reader: delivers its shard's records in order, one batch at a time. */
export type StreamReader = {
  wake(): void;
  redeliver(count: number): void;
  report(): StreamReaderReport;
  start(): void;
  /** Resolves when the current batch is finished and its position saved. */
  stop(): Promise<void>;
};
