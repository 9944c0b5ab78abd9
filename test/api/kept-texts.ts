import { call, liveStream, person } from "./people.ts";

/**
 * Sends texts as messages: each is kept as sent, without the spaces around it, or refused with 400.
 * Returns the number of texts that were kept.
 */
export async function expectKept(texts: readonly string[]): Promise<number> {
  const [{ id }, as] = await Promise.all([liveStream(), person()]);
  const route = `/api/v1/live-stream/${id}/chat/messages`;
  const kept: string[] = [];
  for (const content of texts) {
    const answer = await call(`POST ${route}`, { as, body: { content } });
    expect({ content, status: answer.status }).toMatchObject({
      status: answer.status === 400 ? 400 : 201,
    });
    if (answer.status !== 201) continue;
    expect(answer.body.content).toBe(content.trim());
    kept.push(content.trim());
  }
  const page = await call(`GET ${route}?limit=100`, { as });
  const newest = page.body.messages.map(({ content }: { content: string }) => content);
  expect(newest).toEqual(kept.slice(-100).reverse());
  return kept.length;
}
