import parked from "icon:archive-restore";
import bans from "icon:ban";
import chevron from "icon:chevron-up";
import copy from "icon:copy";
import machine from "icon:gauge";
import gifts from "icon:gift";
import out from "icon:log-out";
import streams from "icon:radio";
import replay from "icon:rotate-cw";
import log from "icon:scroll-text";
import warning from "icon:triangle-alert";
import refunds from "icon:undo-2";
import users from "icon:users";
import webhooks from "icon:webhook";
import close from "icon:x";

const icons = {
  ...{ bans, chevron, close, copy, gifts, log, machine, out, parked, refunds, replay, streams },
  ...{ users, warning, webhooks },
};
export type IconName = keyof typeof icons;

/** One of our icons, beside words that say the same. */
export function Icon({ name, size = 16 }: { name: IconName; size?: 16 | 20 }) {
  return (
    <svg
      class="icon"
      viewBox="0 0 24 24"
      width={size}
      height={size}
      fill="none"
      stroke="currentColor"
      stroke-width="1.75"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      dangerouslySetInnerHTML={{ __html: icons[name] }}
    />
  );
}
