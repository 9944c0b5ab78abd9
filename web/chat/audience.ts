import type { Client, Subscription } from "../../client/index.ts";
import type { Moment } from "./moment-card.ts";
import { unlessRefused } from "./reason.ts";
import type { Translator } from "./translations.ts";
import type { View } from "./view.ts";

type Own = { client: Client; streamId: string; view: View; translator: Translator };
/** Makes a call; if it fails, shows why and returns undefined. */
type Attempt = <Answer>(call: () => Promise<Answer>) => Promise<Answer | undefined>;

/** Ignores the refusal of a call that came too late: the poll or the whole stream has ended. */
const unlessLate = unlessRefused("moment_over", "stream_not_live");

/** Likes, and votes in polls. */
export function createAudience({ client, streamId, view, translator }: Own, attempt: Attempt) {
  const taps = client.taps(streamId);
  /** The newest vote of this page in each poll. */
  const votes = new Map<string, number[]>();

  /** Shows the user's own vote in a poll as stored by the server, unless they vote meanwhile. */
  async function showOwn({ kind, id: momentId }: Moment): Promise<void> {
    if (kind !== "poll") return;
    const path = { streamId, momentId };
    const before = votes.get(momentId);
    try {
      const route = "GET /api/v1/live-stream/{streamId}/moments/{momentId}";
      const { own } = await client.call(route, { path });
      if (votes.get(momentId) === before) view.moments.choose(momentId, own?.options ?? []);
    } catch {
      // Without the stored vote, the poll is still shown and the user can vote.
    }
  }

  function tellIfLate(error: unknown): undefined {
    unlessLate(error);
    view.toasts.tell(translator.translate("votingOver"));
  }

  return {
    like: () => taps.tap(),
    /** Shows the vote at once; if it is refused, shows the stored vote again. */
    async vote(poll: Moment, options: number[]): Promise<void> {
      votes.set(poll.id, options);
      view.moments.choose(poll.id, options);
      const done = await attempt(() => client.vote(poll, ...options).catch(tellIfLate));
      if (done === undefined && votes.get(poll.id) === options) await showOwn(poll);
    },
    async end({ id: momentId }: Moment): Promise<void> {
      const path = { streamId, momentId };
      const route = "POST /api/v1/live-stream/{streamId}/moments/{momentId}/end";
      const ended = await attempt(() => client.call(route, { path }).catch(unlessLate));
      if (ended) view.moments.end(ended);
    },
    /** Shows the user's votes in open polls, since they may have voted from another page. */
    begin(subscription: Subscription): void {
      for (const moment of subscription.moments()) void showOwn(moment);
    },
    stop: taps.close,
  };
}
