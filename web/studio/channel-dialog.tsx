import { Channel, type Section } from "../host/channel.tsx";
import { Dialog } from "./dialog.tsx";
import { asHost } from "./show.ts";

/** The streamer's channel settings, which apply to all streams. */
export function ChannelDialog({ first, close }: { first: Section; close(): void }) {
  const host = asHost();
  return (
    <Dialog title="Channel" kind="channel-dialog" close={close}>
      {host && <Channel host={host} first={first} />}
    </Dialog>
  );
}
