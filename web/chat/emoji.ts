import { make } from "./dom.ts";
import { Sheet, walkGrid } from "./sheet.ts";
import type { Translator } from "./translations.ts";

const columns = 8;
/** Those that live chats are full of. A screen reader knows their names by itself. */
const emoji = (
  "😀 😂 🤣 😊 😍 🥰 😘 😎 🤩 🥳 😇 🙂 😉 😋 🤔 🙄 😏 😴 😭 😢 😱 😡 🤯 🥺 " +
  "👍 👎 👏 🙌 🙏 💪 👋 🤝 ✌️ 🤘 👀 🫶 ❤️ 🧡 💛 💚 💙 💜 🖤 💔 🔥 ✨ 🎉 🎊 " +
  "🎶 🎤 🎸 🎮 ⚽ 🏆 🚀 💯 🌹 ⭐ 🌈 ☕ 🍕 🎂 🐶 🐱"
).split(" ");

/** The sheet of emoji; it stays open for the next one. */
export function createEmojiSheet(translator: Translator, onPick: (emoji: string) => void): Sheet {
  const buttons = emoji.map((one) =>
    make("button", { class: "emoji", type: "button", onclick: () => onPick(one) }, one),
  );
  const onkeydown = (event: KeyboardEvent) => walkGrid(event, ".emoji", columns);
  const grid = make("div", { class: "emoji-grid", onkeydown }, ...buttons);
  return new Sheet(translator, translator.translate("emoji"), { body: [grid] });
}
