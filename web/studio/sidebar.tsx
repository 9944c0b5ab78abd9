import { hueOf, initialOf, nameOf, type Person } from "../chat/person.ts";
import { changeRules, rules, supporters } from "./show.ts";

const numbers = new Intl.NumberFormat("en");
const slow = [0, 5, 10, 30, 120];

/** Below the stage: top supporters and chat settings. */
export function Sidebar() {
  return (
    <div class="sidebar">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard. */}
      <section class="card" aria-label="Top supporters" tabIndex={0}>
        <header class="card-head">
          <h2>Top supporters</h2>
        </header>
        <Supporters />
      </section>
      <section class="card" aria-label="Chat settings">
        <header class="card-head">
          <h2>Chat settings</h2>
        </header>
        <Rules />
      </section>
    </div>
  );
}

function Supporters() {
  if (supporters.value.length === 0) return <p class="nothing">No gifts yet</p>;
  return (
    <ol class="supporters">
      {supporters.value.map(({ rank, user, credits: given }) => {
        const person = user as unknown as Person;
        const style = { "--hue": `${hueOf(user._id)}` };
        return (
          <li key={user._id}>
            <span class="rank number">{rank}</span>
            <span class="initial" style={style} aria-hidden="true">
              {initialOf(person)}
            </span>
            <bdi class="name">{nameOf(person)}</bdi>
            <span class="number">{numbers.format(given)}</span>
          </li>
        );
      })}
    </ol>
  );
}

function Rules() {
  const { slowModeSeconds = 0, followersOnly = false, giftsEnabled = true } = rules.value ?? {};
  return (
    <div class="rules">
      <label class="rule">
        <span>Slow mode</span>
        <select
          value={slowModeSeconds}
          onChange={(event) =>
            void changeRules({ slowModeSeconds: Number(event.currentTarget.value) })
          }
        >
          {[...new Set([...slow, slowModeSeconds])]
            .sort((a, b) => a - b)
            .map((seconds) => (
              <option key={seconds} value={seconds}>
                {seconds === 0 ? "Off" : `${seconds} s`}
              </option>
            ))}
        </select>
      </label>
      <Switch
        name="Followers only"
        isOn={followersOnly}
        change={(isOn) => changeRules({ followersOnly: isOn })}
      />
      <Switch
        name="Gifts on"
        isOn={giftsEnabled}
        change={(isOn) => changeRules({ giftsEnabled: isOn })}
      />
    </div>
  );
}

function Switch(given: { name: string; isOn: boolean; change(isOn: boolean): Promise<void> }) {
  const { name, isOn, change } = given;
  return (
    <label class="rule">
      <span>{name}</span>
      <input
        type="checkbox"
        role="switch"
        aria-checked={isOn}
        class="switch"
        checked={isOn}
        onChange={(event) => void change(event.currentTarget.checked)}
      />
    </label>
  );
}
