import parked from "icon:archive-restore";
import bans from "icon:ban";
import moments from "icon:chart-bar";
import chevron from "icon:chevron-up";
import channel from "icon:circle-user";
import copy from "icon:copy";
import viewers from "icon:eye";
import machine from "icon:gauge";
import gifts from "icon:gift";
import home from "icon:house";
import out from "icon:log-out";
import chat from "icon:message-square";
import streams from "icon:radio";
import replay from "icon:rotate-cw";
import log from "icon:scroll-text";
import warning from "icon:triangle-alert";
import refunds from "icon:undo-2";
import users from "icon:users";
import webhooks from "icon:webhook";
import offline from "icon:wifi-off";
import close from "icon:x";
import { iconOf } from "../icon.tsx";

/** The icons of the console. */
export const Icon = iconOf({
  bans,
  channel,
  chat,
  chevron,
  close,
  offline,
  copy,
  gifts,
  home,
  log,
  machine,
  moments,
  out,
  parked,
  refunds,
  replay,
  streams,
  users,
  viewers,
  warning,
  webhooks,
});
