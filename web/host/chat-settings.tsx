import { useChoice } from "./action.tsx";
import { Select } from "./fields.tsx";

/** Seconds between two messages of a viewer. */
const slowModes = [0, 5, 10, 30, 120];

export type ChatSettings = {
  slowModeSeconds: number;
  followersOnly: boolean;
  giftsEnabled: boolean;
};

type Props = { settings: ChatSettings; change(settings: Partial<ChatSettings>): unknown };

/** The chat settings of a stream or a channel. */
export const ChatSettingsFields = ({ settings, change }: Props) => (
  <div class="rules">
    <Select
      name="Slow mode"
      isInline
      value={`${settings.slowModeSeconds}`}
      choices={Object.fromEntries(
        [...slowModes, settings.slowModeSeconds].map((seconds) => [
          seconds,
          seconds === 0 ? "Off" : `${seconds} s`,
        ]),
      )}
      change={(value) => change({ slowModeSeconds: Number(value) })}
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
