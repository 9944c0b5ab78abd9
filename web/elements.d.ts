import type { HTMLAttributes } from "preact";
import type { OvationChat } from "./chat/element.ts";

declare module "preact" {
  namespace JSX {
    interface IntrinsicElements {
      "ovation-chat": HTMLAttributes<OvationChat> & { "stream-id": string; lang: string };
    }
  }
}
