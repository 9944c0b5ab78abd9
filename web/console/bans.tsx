import { useSignal } from "@preact/signals";
import type { Answer } from "../../client/index.ts";
import { nameOf } from "../chat/person.ts";
import { call, wish } from "./api.ts";
import { ask, CallBox, type Deed, perform } from "./deeds.tsx";
import { chosenOf, Field, Form, Select, type Stream, StreamSelect, UserField } from "./fields.tsx";
import { useLoad } from "./load.ts";
import {
  type Column,
  Detail,
  Moment,
  Nothing,
  PersonCell,
  Refusal,
  Skeleton,
  Table,
} from "./pieces.tsx";
import { filter, set } from "./place.ts";
import { useStreams } from "./streams.tsx";

type Ban = Answer<"GET /api/v1/live-stream-ban">["list"][number];
type Action = Ban["actionType"];

const limit = 100;
const actions: Record<Action, string> = { BLOCK: "Blocked", CHAT_ONLY: "Muted" };

/** Who is blocked or muted in a stream. */
export function Bans() {
  const streams = useStreams();
  if (streams.refused) return <Refusal refused={streams.refused} retry={streams.reload} />;
  if (streams.value === undefined) return <Skeleton />;
  const stream = chosenOf(streams.value);
  if (stream === undefined) return <Nothing says="You moderate no stream yet." />;
  return (
    <>
      <div class="filters">
        <StreamSelect streams={streams.value} />
        <button type="button" class="button primary" onClick={() => set({ id: "new" })}>
          Ban somebody
        </button>
      </div>
      <BansOf key={stream.id} stream={stream} />
    </>
  );
}

/** Bans somebody; the way back is a lift. */
const banDeed = (
  stream: Stream,
  user: { _id: string; name: string },
  given: { actionType: Action; reason: string },
  reload: () => void,
): Deed => {
  const { actionType, reason } = given;
  const verb = actionType === "BLOCK" ? "Block" : "Mute";
  const body = { targetUserId: user._id, liveStreamId: stream.id, actionType };
  return {
    title: `${verb} ${user.name} in ${stream.title}`,
    warns:
      actionType === "BLOCK"
        ? "They see and do nothing in this stream any more, until you lift it."
        : "They read on and cannot write in this stream, until you lift it.",
    verb,
    wish: wish("POST", "/api/v1/live-stream-ban", { ...body, ...(reason && { reason }) }),
    done() {
      set({ id: "" }, true);
      reload();
      return `${user.name} is ${actions[actionType].toLowerCase()} in ${stream.title}.`;
    },
    undo: ({ _id }: { _id: string }) => liftDeed(_id, user.name, stream, reload),
  };
};

const liftDeed = (id: string, name: string, stream: Stream, reload: () => void): Deed => ({
  title: `Lift the ban of ${name}`,
  verb: "Lift",
  wish: wish("DELETE", `/api/v1/live-stream-ban/${id}`),
  done() {
    reload();
    return `${name} is welcome in ${stream.title} again.`;
  },
});

function BansOf({ stream }: { stream: Stream }) {
  const { value, refused, reload } = useLoad(stream.id, () =>
    call("GET /api/v1/live-stream-ban", { query: { liveStreamId: stream.id, limit } }),
  );
  if (refused) return <Refusal refused={refused} retry={reload} />;
  if (value === undefined) return <Skeleton />;
  const columns: Column<Ban>[] = [
    { title: "User", cell: ({ targetUser }) => <PersonCell person={targetUser} /> },
    { title: "What", cell: ({ actionType }) => actions[actionType] },
    {
      title: "Reason",
      isWide: true,
      cell: ({ reason }) =>
        reason === null ? <span class="quiet">–</span> : <bdi class="cut">{reason}</bdi>,
    },
    { title: "Since", isWide: true, cell: ({ createdAt }) => <Moment at={createdAt} /> },
    {
      title: "",
      cell: ({ _id, targetUser }) => (
        <button
          type="button"
          class="link"
          onClick={() => void perform(liftDeed(_id, nameOf(targetUser), stream, reload))}
        >
          Lift
        </button>
      ),
    },
  ];
  return (
    <div class={`split ${filter("id") === "new" ? "has-detail" : ""}`}>
      {value.list.length === 0 ? (
        <Nothing says={`Nobody is banned from ${stream.title}.`} />
      ) : (
        <Table label="Bans" columns={columns} rows={value.list} idOf={({ _id }) => _id} />
      )}
      {filter("id") === "new" && <NewBan stream={stream} reload={reload} />}
    </div>
  );
}

function NewBan({ stream, reload }: { stream: Stream; reload: () => void }) {
  const user = useSignal<{ _id: string; name: string } | undefined>(undefined);
  const actionType = useSignal<Action>("CHAT_ONLY");
  const reason = useSignal("");
  const deed =
    user.value &&
    banDeed(
      stream,
      user.value,
      { actionType: actionType.value, reason: reason.value.trim() },
      reload,
    );
  return (
    <Detail title="Ban somebody" close={() => set({ id: "" })}>
      <Form name="Ban somebody" submit={() => deed && ask(deed)}>
        <UserField
          name="Whom"
          choose={(found) => {
            user.value = { _id: found._id, name: nameOf(found) };
          }}
        />
        {user.value && (
          <p>
            <bdi>{user.value.name}</bdi> <code>{user.value._id}</code>
          </p>
        )}
        <Select
          name="What"
          value={actionType.value}
          choices={[
            { value: "CHAT_ONLY", title: "Mute: may read, not write" },
            { value: "BLOCK", title: "Block: sees nothing of it" },
          ]}
          change={(value) => {
            actionType.value = value as Action;
          }}
        />
        <Field
          name="Reason"
          value={reason.value}
          change={(value) => {
            reason.value = value;
          }}
          says="For the log; the user does not see it."
        />
        {deed && <CallBox request={deed.wish} />}
        <button type="submit" class="button primary" disabled={deed === undefined}>
          {actionType.value === "BLOCK" ? "Block …" : "Mute …"}
        </button>
      </Form>
    </Detail>
  );
}
