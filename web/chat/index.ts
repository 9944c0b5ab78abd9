/** The chat as one script: `<script type="module" src="…/embed/chat.js"></script>`. */
import { OvationChat } from "./element.ts";

// A page that loads the script twice keeps the first one.
if (customElements.get("ovation-chat") === undefined)
  customElements.define("ovation-chat", OvationChat);

export { OvationChat };
