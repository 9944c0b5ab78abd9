/** The chat as one script: `<script type="module" src="…/embed/chat.js"></script>`. */
import { OvationChat } from "./element.ts";

// A page that loads it twice keeps the first.
if (customElements.get("ovation-chat") === undefined)
  customElements.define("ovation-chat", OvationChat);

export { OvationChat };
