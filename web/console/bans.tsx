import { useSignal } from "@preact/signals";
import type { Answer } from "../../client/index.ts";
import { nameOf } from "../chat/person.ts";
import { call } from "./api.ts";
import { actionWords, type BanAction, banDeed, liftDeed } from "./ban-deeds.ts";
import { ask, CallBox, perform } from "./deeds.tsx";
import { Field, Form, Select, UserField } from "./fields.tsx";
import { page, partByNumber, useList } from "./list.ts";
import { Listing } from "./listing.tsx";
import { OfStream, type Stream } from "./of-stream.tsx";
import { type Column, Detail, Moment, PersonCell } from "./pieces.tsx";
import { filter, set } from "./place.ts";

type Ban = Answer<"GET /api/v1/live-stream-ban">["list"][number];

const limit = 50;

/** Who is blocked or muted in a stream. */
export const Bans = () => (
  <OfStream
    nothing="You moderate no stream yet."
    tools={
      <button type="button" class="button primary" onClick={() => set({ id: "new" })}>
        Ban somebody
      </button>
    }
  >
    {(stream) => <BansOf key={stream.id} stream={stream} />}
  </OfStream>
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
      liftDeed(_id, nameOf(targetUser), stream, () =>
        list.change((rows) => rows.filter((ban) => ban._id !== _id)),
      ),
    );
  const columns: Column<Ban>[] = [
    { title: "User", cell: ({ targetUser }) => <PersonCell person={targetUser} /> },
    { title: "What", cell: ({ actionType }) => actionWords[actionType] },
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
          Lift
        </button>
      ),
    },
  ];
  return (
    <Listing
      label="Bans"
      list={list}
      columns={columns}
      nothing={`Nobody is banned from ${stream.title}.`}
      detail={filter("id") === "new" && <NewBan stream={stream} took={list.reload} />}
    />
  );
}

function NewBan({ stream, took }: { stream: Stream; took: () => void }) {
  const user = useSignal<{ _id: string; name: string } | undefined>(undefined);
  const actionType = useSignal<BanAction>("CHAT_ONLY");
  const reason = useSignal("");
  const deed =
    user.value &&
    banDeed(
      stream,
      user.value,
      { actionType: actionType.value, reason: reason.value.trim() },
      () => {
        set({ id: "" }, true);
        took();
      },
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
            actionType.value = value as BanAction;
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
