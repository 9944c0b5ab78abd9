import { nameOfPlayer } from "../runner.ts";
import { cast, chosen, pasted, stage } from "./router.ts";

/** The caller: a demo user on this machine, a pasted token elsewhere. */
export function Caller() {
  if (cast.value === undefined)
    return (
      <label class="caller">
        <span>Token for {stage}</span>
        <input
          type="password"
          autocomplete="off"
          spellcheck={false}
          placeholder="Paste a token, without Bearer"
          value={pasted.value}
          onInput={({ currentTarget }) => {
            pasted.value = currentTarget.value;
          }}
        />
      </label>
    );
  return (
    <label class="caller">
      <span>Signed in as</span>
      <select
        value={chosen.value ?? ""}
        onChange={({ currentTarget }) => {
          chosen.value = currentTarget.value || undefined;
        }}
      >
        <option value="">Automatic</option>
        {cast.value.map((player) => (
          <option key={player.sub} value={player.sub}>
            {nameOfPlayer(player)}
          </option>
        ))}
      </select>
    </label>
  );
}
