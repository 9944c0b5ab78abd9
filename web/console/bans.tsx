import { useSignal } from "@preact/signals";
import type { CallResult } from "../../client/index.ts";
import { nameOf } from "../chat/person.ts";
import { ask, CallBox, perform } from "./actions.tsx";
import { call } from "./api.ts";
import { actionToasts, type BanAction, banAction, unbanAction } from "./ban-actions.ts";
import { Field, Form, Select, UserField } from "./fields.tsx";
import { page, partByNumber, useList } from "./list.ts";
import { Listing } from "./listing.tsx";
import { filter, set } from "./router.ts";
import { type Stream, StreamScope } from "./stream-scope.tsx";
import { type Column, Detail, Moment, PersonCell } from "./ui.tsx";

type Ban = CallResult<"GET /api/v1/live-stream-ban">["list"][number];

const limit = 50;

/** Who is blocked or muted in a stream. */
export const Bans = () => (
  <StreamScope
    nothing="No streams to moderate"
    tools={
      <button type="button" class="button primary" onClick={() => set({ id: "new" })}>
        Ban user
      </button>
    }
  >
    {(stream) => <BansOf key={stream.id} stream={stream} />}
  </StreamScope>
);

function BansOf({ stream }: { stream: Stream }) {
  const list = useList(
    stream.id,
    ({ _id }: Ban) => _id,
    async (next) =>
      partByNumber(
        await call("GET /api/v1/live-stream-ban", {
          query: { liveStreamId: stream.id, limit, ...page(next) },
        }),
      ),
  );
  const lift = ({ _id, targetUser }: Ban) =>
    perform(
      unbanAction(_id, nameOf(targetUser), stream, () =>
        list.change((rows) => rows.filter((ban) => ban._id !== _id)),
      ),
    );
  const columns: Column<Ban>[] = [
    { title: "User", cell: ({ targetUser }) => <PersonCell person={targetUser} /> },
    { title: "Type", cell: ({ actionType }) => actionToasts[actionType] },
    {
      title: "Reason",
      isWide: true,
      isGrowing: true,
      cell: ({ reason }) =>
        reason === null ? <span class="quiet">–</span> : <bdi class="cut">{reason}</bdi>,
    },
    { title: "Since", isWide: true, cell: ({ createdAt }) => <Moment at={createdAt} /> },
    {
      title: "",
      cell: (ban) => (
        <button type="button" class="link" onClick={() => void lift(ban)}>
          Unban
        </button>
      ),
    },
  ];
  return (
    <Listing
      label="Bans"
      list={list}
      columns={columns}
      nothing={`No bans in ${stream.title}`}
      detail={filter("id") === "new" && <NewBan stream={stream} took={list.reload} />}
    />
  );
}

function NewBan({ stream, took }: { stream: Stream; took: () => void }) {
  const user = useSignal<{ _id: string; name: string } | undefined>(undefined);
  const actionType = useSignal<BanAction>("CHAT_ONLY");
  const reason = useSignal("");
  const action =
    user.value &&
    banAction(
      stream,
      user.value,
      { actionType: actionType.value, reason: reason.value.trim() },
      () => {
        set({ id: "" }, true);
        took();
      },
    );
  return (
    <Detail title="Ban user" close={() => set({ id: "" })}>
      <Form name="Ban user" submit={() => action && ask(action)}>
        <UserField
          name="User"
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
          name="Type"
          value={actionType.value}
          choices={[
            { value: "CHAT_ONLY", title: "Mute (can read, not write)" },
            { value: "BLOCK", title: "Block (cannot see the stream)" },
          ]}
          change={(value) => {
            actionType.value = value as BanAction;
          }}
        />
        <Field
          name="Reason"
          value={reason.value}
          change={(value) => {
            reason.value = value;
          }}
          says="Shown in the moderation log, not to the user"
        />
        {action && <CallBox request={action.request} />}
        <button type="submit" class="button primary" disabled={action === undefined}>
          {actionType.value === "BLOCK" ? "Block …" : "Mute …"}
        </button>
      </Form>
    </Detail>
  );
}
