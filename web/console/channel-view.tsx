import { Channel } from "../host/channel.tsx";
import { Moments } from "../host/moments.tsx";
import { host } from "./api.ts";
import { StreamScope } from "./stream-scope.tsx";

/** The signed-in user's own channel. */
export const ChannelView = () => (
  <div class="card channel-card">
    <Channel host={host} />
  </div>
);

/** Polls and goals of a stream. */
export const MomentsView = () => (
  <StreamScope>
    {(stream, filters) => (
      <>
        <div class="filters">{filters}</div>
        <Moments key={stream.id} host={host} streamId={stream.id} heading={2} />
      </>
    )}
  </StreamScope>
);
