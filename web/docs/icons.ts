import check from "icon:circle-check";
import code from "icon:code-xml";
import copy from "icon:copy";
import away from "icon:external-link";
import play from "icon:play";
import warning from "icon:triangle-alert";
import { iconOf } from "../icon.tsx";

/** The icons of the reference. */
export const Icon = iconOf({ away, check, code, copy, play, warning });
