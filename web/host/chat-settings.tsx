import { useChoice } from "./act.tsx";

/** Seconds between two messages of a viewer. */
const slowModes = [0, 5, 10, 30, 120];

export type ChatSettings = {
  slowModeSeconds: number;
  followersOnly: boolean;
  giftsEnabled: boolean;
};

type Given = { settings: ChatSettings; change(settings: Partial<ChatSettings>): unknown };

/** The chat settings of a stream or a channel. */
export const ChatSettingsFields = ({ settings, change }: Given) => (
  <div class="rules">
    <SlowMode
      stored={settings.slowModeSeconds}
      change={(slowModeSeconds) => change({ slowModeSeconds })}
    />
    <Switch
      name="Followers only"
      isOn={settings.followersOnly}
      change={(isOn) => change({ followersOnly: isOn })}
    />
    <Switch
      name="Gifts on"
      isOn={settings.giftsEnabled}
      change={(isOn) => change({ giftsEnabled: isOn })}
    />
  </div>
);

function SlowMode({ stored, change }: { stored: number; change(seconds: number): unknown }) {
  const [shown, choose] = useChoice(stored, change);
  return (
    <label class="rule">
      <span>Slow mode</span>
      <select value={shown} onChange={(event) => void choose(Number(event.currentTarget.value))}>
        {[...new Set([...slowModes, stored])]
          .sort((a, b) => a - b)
          .map((seconds) => (
            <option key={seconds} value={seconds}>
              {seconds === 0 ? "Off" : `${seconds} s`}
            </option>
          ))}
      </select>
    </label>
  );
}

/** An on/off switch. */
export function Switch(given: { name: string; isOn: boolean; change(isOn: boolean): unknown }) {
  const { name, change } = given;
  const [isOn, choose] = useChoice(given.isOn, change);
  return (
    <label class="rule">
      <span>{name}</span>
      <input
        type="checkbox"
        role="switch"
        aria-checked={isOn}
        class="switch"
        checked={isOn}
        onChange={(event) => void choose(event.currentTarget.checked)}
      />
    </label>
  );
}
