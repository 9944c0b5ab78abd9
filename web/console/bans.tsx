import { type Signal, useSignal } from "@preact/signals";
import { nameOf } from "../chat/person.ts";
import { updaterOf } from "../draft.ts";
import { banNames } from "../host/bans.tsx";
import { Field, Select } from "../host/fields.tsx";
import type { Found } from "../host/user-search.ts";
import { useDraft } from "../kept-drafts.ts";
import { perform } from "./actions.tsx";
import { call } from "./api.ts";
import { type Ban, type BanAction, banAction, banVerbOf, unbanAction } from "./ban-actions.ts";
import { UserField } from "./fields.tsx";
import { Form } from "./form.tsx";
import { pagesOf, useList } from "./list.ts";
import { Listing } from "./listing.tsx";
import { useLoad } from "./load.ts";
import { filter, setFilters } from "./router.ts";
import { type ScopedProps, StreamScope } from "./stream-scope.tsx";
import type { Column } from "./table.tsx";
import { Detail, Moment, PersonCell, Truncated } from "./ui.tsx";

const columns: Column<Ban>[] = [
  { title: "User", cell: ({ targetUser }) => <PersonCell person={targetUser} /> },
  { title: "Type", cell: ({ actionType }) => banNames[actionType] },
  { title: "Scope", isWide: true, isExtra: true, cell: ({ scope }) => scopes[scope] },
  {
    title: "Reason",
    isWide: true,
    isGrowing: true,
    cell: ({ reason }) => <Truncated text={reason} />,
  },
  {
    title: "Since",
    isWide: true,
    isExtra: true,
    cell: ({ createdAt }) => <Moment at={createdAt} />,
  },
  { title: "Ends", isWide: true, cell: ({ endsAt }) => <Moment at={endsAt} /> },
];
const scopes = { stream: "Stream", channel: "Channel" };

type Draft = { actionType: BanAction; reason: string; seconds: string; scope: Ban["scope"] };
const blank: Draft = { actionType: "CHAT_ONLY", reason: "", seconds: "0", scope: "stream" };

/** Users who are blocked or muted in a stream or in its host's channel. */
export function Bans() {
  // A form begins empty; its draft survives the selection of another stream.
  const draft = useDraft(`ban ${filter("id")}`, blank);
  return (
    <StreamScope>
      {(stream, filters) => (
        <BansOf key={stream.id} stream={stream} filters={filters} draft={draft} />
      )}
    </StreamScope>
  );
}

type Props = ScopedProps & { draft: Signal<Draft> };

function BansOf({ stream, filters, draft }: Props) {
  const list = useList(
    ({ _id }: Ban) => _id,
    pagesOf("GET /api/v1/live-stream-ban", { query: { liveStreamId: stream.id } }),
  );
  const lift = (ban: Ban) =>
    perform(unbanAction(ban, nameOf(ban.targetUser), stream, () => list.remove(ban._id)));
  return (
    <Listing
      label="Bans"
      list={list}
      columns={columns}
      nothing={`No bans in ${stream.title}`}
      filters={filters}
      create="Ban user"
      actions={(ban) => [{ label: "Unban", run: () => void lift(ban) }]}
      {...(filter("id") === "new" && {
        detail: () => <NewBan stream={stream} draft={draft} took={list.refresh} />,
      })}
    />
  );
}

const durations = {
  0: "Until unbanned",
  600: "10 minutes",
  3600: "1 hour",
  86400: "24 hours",
  604800: "7 days",
  1209600: "14 days",
};

function NewBan({ stream, draft, took }: Omit<Props, "filters"> & { took: () => void }) {
  // Links from a user or a viewer contain the user id, so that no search is needed.
  const userId = filter("user");
  // A user found by search is available at once.
  const found = useSignal<Found | undefined>(undefined);
  const isFound = found.value?._id === userId;
  const { value: named } = useLoad(userId, async () =>
    userId === "" || isFound ? undefined : call("GET /api/v1/users/{userId}", { path: { userId } }),
  );
  // Shows the id until the name is known, and if it cannot be read.
  const user = (isFound ? found.value : named) ?? { _id: userId };
  const name = nameOf({ username: "", name: "", surname: "", profilePhoto: "", ...user });
  const alter = updaterOf(draft);
  const { actionType, reason, seconds, scope } = draft.value;
  const options = { actionType, scope, reason: reason.trim(), seconds: Number(seconds) };
  const ban = userId ? banAction(stream, { _id: userId, name }, options, took) : undefined;
  const action = ban && {
    ...ban,
    done(answer: never) {
      if (filter("user") === userId) setFilters({ id: "", user: "" }, true);
      return ban.done(answer);
    },
  };
  return (
    <Detail title="Ban user" close={() => setFilters({ id: "", user: "" })}>
      <Form name="Ban user" action={action} verb={banVerbOf(actionType, options.seconds)} asks>
        <UserField
          name="User"
          choose={(chosen) => {
            found.value = chosen;
            setFilters({ user: chosen._id }, true);
          }}
          problem={userId ? undefined : "Choose a user"}
        />
        {userId && (
          <p class="chosen">
            <PersonCell person={user} /> <code>{userId}</code>
          </p>
        )}
        <Select
          name="Type"
          value={actionType}
          choices={{
            CHAT_ONLY: "Mute (can read, not write)",
            BLOCK: "Block (cannot see the stream)",
          }}
          change={(value) => alter({ actionType: value })}
        />
        <Select
          name="Duration"
          value={seconds}
          choices={durations}
          change={(value) => alter({ seconds: value })}
        />
        <Select
          name="Scope"
          value={scope}
          choices={{
            stream: "This stream",
            channel: `All streams of ${nameOf(stream.creator)}`,
          }}
          change={(value) => alter({ scope: value })}
        />
        <Field
          name="Reason"
          field="reason"
          value={reason}
          change={(value) => alter({ reason: value })}
          says="Shown in the moderation log, not to the user"
        />
      </Form>
    </Detail>
  );
}
