/** Seconds between two messages of a viewer. */
const slowModes = [0, 5, 10, 30, 120];

export type ChatSettings = {
  slowModeSeconds: number;
  followersOnly: boolean;
  giftsEnabled: boolean;
};

type Given = { settings: ChatSettings; change(settings: Partial<ChatSettings>): void };

/** The chat settings of a stream or a channel. */
export const ChatSettingsFields = ({ settings, change }: Given) => (
  <div class="rules">
    <label class="rule">
      <span>Slow mode</span>
      <select
        value={settings.slowModeSeconds}
        onChange={(event) => change({ slowModeSeconds: Number(event.currentTarget.value) })}
      >
        {[...new Set([...slowModes, settings.slowModeSeconds])]
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

/** An on/off switch. */
export function Switch(given: { name: string; isOn: boolean; change(isOn: boolean): void }) {
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
        onChange={(event) => change(event.currentTarget.checked)}
      />
    </label>
  );
}
