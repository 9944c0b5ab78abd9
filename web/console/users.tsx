import { useSignal } from "@preact/signals";
import type { CallResult } from "../../client/index.ts";
import { nameOf } from "../chat/person.ts";
import { type Action, ask } from "./actions.tsx";
import { call, newKey, request } from "./api.ts";
import { Field } from "./fields.tsx";
import { page, partByNumber, useList } from "./list.ts";
import { Listing } from "./listing.tsx";
import { useLoad } from "./load.ts";
import { filter, hrefOf, set } from "./router.ts";
import { isAdmin } from "./session.ts";
import { type Column, Detail, Facts, formatted, Link, PersonCell, Refusal } from "./ui.tsx";
import { Wallet } from "./wallet.tsx";

type User = CallResult<"GET /api/v1/users/search">["list"][number];

const limit = 50;
const searchMilliseconds = 200;

const columns: Column<User>[] = [
  { title: "User", cell: (user) => <PersonCell person={user} /> },
  {
    title: "Followers",
    isNumber: true,
    cell: ({ followersCount }) => formatted(followersCount),
  },
  { title: "ID", isWide: true, cell: ({ _id }) => <code class="cut">{_id}</code> },
];

/** All users, with a search by name prefix. */
export function Users() {
  const q = filter("q");
  const text = useSignal(q);
  const timer = useSignal(0);
  const list = useList(
    `users ${q}`,
    ({ _id }: User) => _id,
    async (next) =>
      partByNumber(
        await call("GET /api/v1/users/search", {
          query: { limit, ...(q && { q }), ...page(next) },
        }),
      ),
  );
  const search = (next: string) => {
    text.value = next;
    clearTimeout(timer.value);
    timer.value = setTimeout(() => set({ q: next.trim(), id: "" }, true), searchMilliseconds);
  };
  const chosen = list.rows?.find(({ _id }) => _id === filter("id"));
  return (
    <>
      <div class="filters">
        <Field name="Search users" type="search" value={text.value} change={search} />
      </div>
      <Listing
        label="Users"
        list={list}
        columns={columns}
        nothing={q === "" ? "No users yet" : `No users match “${q}”`}
        selected={filter("id")}
        open={({ _id }) => set({ id: _id })}
        detail={chosen && <UserDetail key={chosen._id} user={chosen} />}
      />
    </>
  );
}

function UserDetail({ user }: { user: User }) {
  const { _id: userId, username } = user;
  const profile = useLoad(userId, async () =>
    username === ""
      ? undefined
      : call("GET /api/v1/users/profile/username/{username}", { path: { username } }),
  );
  const stats = useLoad(userId, () =>
    call("GET /api/v1/users/{userId}/stats", { path: { userId } }),
  );
  return (
    <Detail title={nameOf(user)} close={() => set({ id: "" })}>
      <PersonCell person={user} />
      {profile.value?.bio && <p>{profile.value.bio}</p>}
      {stats.refused && <Refusal refused={stats.refused} retry={stats.reload} />}
      <Facts
        facts={[
          ["Followers", formatted(user.followersCount)],
          ["Following", formatted(user.followingCount)],
          ["Streams", formatted(stats.value?.totalLiveStreams ?? 0)],
          ["ID", <code key="id">{userId}</code>],
        ]}
      />
      {isAdmin.value && <Wallet userId={userId} name={nameOf(user)} />}
      <p class="links">
        <Link href={hrefOf("bans", { id: "new" })}>Ban from stream</Link>
      </p>
      {isAdmin.value && (
        <button type="button" class="button danger" onClick={() => ask(signOutAction(user))}>
          Sign out everywhere …
        </button>
      )}
    </Detail>
  );
}

/** Revokes all tokens of a user, for example after a theft. */
const signOutAction = (user: User): Action => ({
  title: `Sign ${nameOf(user)} out everywhere`,
  warns: "Revokes all current tokens and closes open connections. A new token works again.",
  verb: "Sign out",
  request: request("POST", "/api/v1/revocations", { sub: user._id }, newKey()),
  done: () => `${nameOf(user)} is signed out everywhere.`,
});
