import type { CallResult } from "../../client/index.ts";
import { nameOf } from "../chat/person.ts";
import { type Action, ask } from "./actions.tsx";
import { call, request } from "./api.ts";
import { IdField } from "./fields.tsx";
import { pagesOf, useList } from "./list.ts";
import { Listing, openRow } from "./listing.tsx";
import { useLoad } from "./load.ts";
import { filter, hrefOf, setFilters } from "./router.ts";
import { isAdmin } from "./session.ts";
import type { Column } from "./table.tsx";
import { Detail, Facts, formatted, Link, PersonCell, Refusal } from "./ui.tsx";
import { UserBans } from "./user-bans.tsx";
import { Money } from "./wallet.tsx";

/** The fields that both the search and the profile return. */
type User = Pick<
  CallResult<"GET /api/v1/users/search">["list"][number],
  "_id" | "username" | "name" | "surname" | "followersCount" | "followingCount"
>;

const columns: Column<User>[] = [
  { title: "User", isGrowing: true, cell: (user) => <PersonCell person={user} /> },
  {
    title: "Followers",
    isNumber: true,
    cell: ({ followersCount }) => formatted(followersCount),
  },
  { title: "ID", isWide: true, cell: ({ _id }) => <code class="cut">{_id}</code> },
];

const findUser = (userId: string) => call("GET /api/v1/users/{userId}", { path: { userId } });

/** All users, with a search by name prefix, and any of them by ID. */
export function Users() {
  const q = filter("q");
  const list = useList<User>(
    ({ _id }) => _id,
    pagesOf("GET /api/v1/users/search", { query: q === "" ? {} : { q } }),
    findUser,
  );
  return (
    <Listing
      label="Users"
      list={list}
      columns={columns}
      nothing="No users yet"
      search="Search users"
      filters={<IdField name="User ID" take={openRow} />}
      detail={(user) => user && <UserDetail key={user._id} user={user} />}
    />
  );
}

function UserDetail({ user }: { user: User }) {
  const { _id: userId } = user;
  const name = nameOf({ profilePhoto: "", ...user });
  const { value, refused, reload } = useLoad(userId, async () => {
    const [profile, stats] = await Promise.all([
      findUser(userId),
      call("GET /api/v1/users/{userId}/stats", { path: { userId } }),
    ]);
    return { profile, stats };
  });
  return (
    <Detail title={name} close={() => setFilters({ id: "" })}>
      <PersonCell person={user} />
      {/* Above everything that loads: a button that moves under the pointer misses its click. */}
      <p class="links">
        <Link href={hrefOf("bans", { id: "new", user: userId })}>Ban…</Link>
      </p>
      {isAdmin.value && (
        <p class="buttons">
          <button
            type="button"
            class="button danger"
            onClick={() => ask(signOutAction(userId, name))}
          >
            Sign out everywhere…
          </button>
        </p>
      )}
      {value?.profile.bio && <p>{value.profile.bio}</p>}
      {refused && <Refusal refused={refused} retry={reload} />}
      <Facts
        facts={[
          ["Followers", formatted(user.followersCount)],
          ["Following", formatted(user.followingCount)],
          ["Streams", value ? formatted(value.stats.totalLiveStreams) : "–"],
          ["ID", <code key="id">{userId}</code>],
        ]}
      />
      <UserBans userId={userId} name={name} />
      {isAdmin.value && <Money userId={userId} name={name} />}
    </Detail>
  );
}

/** Revokes all tokens of a user, for example after a theft. */
const signOutAction = (userId: string, name: string): Action => ({
  title: `Sign ${name} out everywhere`,
  warns: "Revokes all current tokens and closes open connections. A new token works again.",
  verb: "Sign out",
  request: request("POST", "/api/v1/revocations", { sub: userId }, new Map()),
  done: () => `${name} is signed out everywhere.`,
});
