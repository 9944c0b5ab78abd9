import { jest } from "@jest/globals";

/** The lines of metrics that some work publishes. */
export async function published(work: () => Promise<void>): Promise<Record<string, unknown>[]> {
  const written: string[] = [];
  const write = jest.spyOn(process.stdout, "write").mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  process.env.POWERTOOLS_LOG_LEVEL = "INFO";
  process.env.STAGE = "test";
  try {
    await work();
  } finally {
    process.env.POWERTOOLS_LOG_LEVEL = "SILENT";
    write.mockRestore();
  }
  return written
    .filter((line) => line.includes("CloudWatchMetrics"))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
