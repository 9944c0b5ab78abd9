import { useSignal } from "@preact/signals";
import { useEffect, useId } from "preact/hooks";
import type { CallResult } from "../../client/index.ts";
import { nameOf } from "../chat/person.ts";
import { reasonOf, unlessRefused } from "../chat/reason.ts";
import { bindSignal } from "../draft.ts";
import { ErrorText, type Host, useAction } from "./action.tsx";
import { Field } from "./fields.tsx";
import { useUserSearch } from "./user-search.ts";

type Profile = Pick<
  CallResult<"GET /api/v1/users/{userId}">,
  "_id" | "username" | "name" | "surname"
> & { isDeleted?: boolean };
type Props = {
  host: Host;
  ids: readonly string[];
  change(edit: (ids: readonly string[]) => string[]): Promise<boolean>;
};

/** Stands in for the profile of a moderator who has deleted their account. */
const deleted = (userId: string) => ({
  _id: userId,
  username: "",
  name: "Deleted user",
  surname: "",
  isDeleted: true,
});
const labelOf = (user: Profile) => nameOf({ profilePhoto: "", ...user });

/** The channel's moderators by name, and a search to add more. */
export function Moderators({ host, ids, change }: Props) {
  const known = useSignal<Record<string, Profile>>({});
  const { text, found, error } = useUserSearch(host.call);
  const { act, errorText } = useAction();
  const id = useId();
  const note = (users: readonly Profile[]) => {
    known.value = { ...known.peek(), ...Object.fromEntries(users.map((one) => [one._id, one])) };
  };
  useEffect(() => {
    const missing = ids.filter((userId) => known.peek()[userId] === undefined);
    void act(async () => {
      for (const userId of missing) {
        const read = host.call("GET /api/v1/users/{userId}", { path: { userId } });
        const profile = await read.catch(unlessRefused("user_not_found"));
        note([profile ?? deleted(userId)]);
      }
    }, missing.join(" "));
  }, [ids]);
  const others = found?.filter(({ _id }) => !ids.includes(_id));
  /** Saves an edit without deleted users, because the API refuses lists with one. */
  const save = (edit: Parameters<Props["change"]>[0]) =>
    change((before) => edit(before.filter((one) => !known.peek()[one]?.isDeleted)));
  const add = async (user: Profile) => {
    note([user]);
    text.value = "";
    await save((before) => [...new Set([...before, user._id])]);
  };
  return (
    <>
      <Field
        name="Add a moderator"
        type="search"
        placeholder="Name or username"
        {...bindSignal(text)}
      />
      <p class="quiet host-found" role="status">
        {others?.length === 0 && (found?.length === 0 ? "No users match" : "Already a moderator")}
      </p>
      <ul class="host-list" aria-label="Search results">
        {others?.map((user) => (
          <li key={user._id}>
            <Names user={user} id={`${id}-${user._id}`} />
            <button
              type="button"
              class="button"
              aria-describedby={`${id}-${user._id}`}
              onClick={() => void add(user)}
            >
              Add
            </button>
          </li>
        ))}
      </ul>
      <ErrorText text={error === undefined ? "" : reasonOf(error)} />
      <ErrorText text={errorText} />
      {ids.length === 0 && <p class="quiet">No moderators yet</p>}
      <ul class="host-list" aria-label="Moderators">
        {ids.map((userId) => (
          <li key={userId}>
            <Names
              id={`${id}-${userId}`}
              user={known.value[userId] ?? { _id: userId, username: "", name: "", surname: "" }}
            />
            <button
              type="button"
              class="button"
              aria-describedby={`${id}-${userId}`}
              onClick={() => void save((before) => before.filter((one) => one !== userId))}
            >
              Remove
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

const Names = ({ user, id }: { user: Profile; id: string }) => (
  <span class="host-names" id={id}>
    <bdi>{labelOf(user)}</bdi>{" "}
    {user.username !== "" && user.username !== labelOf(user) && (
      <bdi class="quiet">@{user.username}</bdi>
    )}
  </span>
);
