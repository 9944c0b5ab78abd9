import { nameOfDemoUser } from "../runner.ts";
import { chosenDemoUser, demoUsers, pastedToken, stage } from "./router.ts";

/** The caller: a demo user on this machine, a pasted token elsewhere. */
export function Caller() {
  if (demoUsers.value === undefined)
    return (
      <label class="caller">
        <span>Token for {stage}</span>
        <input
          type="password"
          autocomplete="off"
          spellcheck={false}
          placeholder="Paste a token, without Bearer"
          value={pastedToken.value}
          onInput={({ currentTarget }) => {
            pastedToken.value = currentTarget.value;
          }}
        />
      </label>
    );
  return (
    <label class="caller">
      <span>Signed in as</span>
      <select
        value={chosenDemoUser.value ?? ""}
        onChange={({ currentTarget }) => {
          chosenDemoUser.value = currentTarget.value || undefined;
        }}
      >
        <option value="">Automatic</option>
        {demoUsers.value.map((user) => (
          <option key={user.sub} value={user.sub}>
            {nameOfDemoUser(user)}
          </option>
        ))}
      </select>
    </label>
  );
}
