import bell from "icon:bell";
import docs from "icon:book-open";
import chevron from "icon:chevron-up";
import check from "icon:circle-check";
import channel from "icon:circle-user";
import code from "icon:code-xml";
import copy from "icon:copy";
import more from "icon:ellipsis";
import eye from "icon:eye";
import like from "icon:heart";
import overlay from "icon:layers";
import pause from "icon:pause";
import play from "icon:play";
import receipt from "icon:receipt";
import replay from "icon:rotate-cw";
import drop from "icon:scissors";
import kill from "icon:skull";
import warning from "icon:triangle-alert";
import plug from "icon:unplug";
import wallet from "icon:wallet";
import close from "icon:x";
import { iconOf } from "../icon.tsx";

/** The icons of Studio. */
export const Icon = iconOf({
  bell,
  channel,
  check,
  chevron,
  close,
  code,
  copy,
  docs,
  drop,
  eye,
  kill,
  like,
  more,
  overlay,
  pause,
  play,
  plug,
  receipt,
  replay,
  wallet,
  warning,
});
