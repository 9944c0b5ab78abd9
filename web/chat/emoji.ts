import { make } from "./dom.ts";
import { moveInGrid } from "./keyboard-navigation.ts";
import { Sheet } from "./sheet.ts";
import type { Translator } from "./translations.ts";

const columns = 8;
/** Emoji that are common in live chats. Screen readers know their names. */
const emoji = (
  "😀 😂 🤣 😊 😍 🥰 😘 😎 🤩 🥳 😇 🙂 😉 😋 🤔 🙄 😏 😴 😭 😢 😱 😡 🤯 🥺 " +
  "👍 👎 👏 🙌 🙏 💪 👋 🤝 ✌️ 🤘 👀 🫶 ❤️ 🧡 💛 💚 💙 💜 🖤 💔 🔥 ✨ 🎉 🎊 " +
  "🎶 🎤 🎸 🎮 ⚽ 🏆 🚀 💯 🌹 ⭐ 🌈 ☕ 🍕 🎂 🐶 🐱"
).split(" ");

/** The emoji sheet; it stays open after a choice. */
export function createEmojiSheet(translator: Translator, onPick: (emoji: string) => void): Sheet {
  const buttons = emoji.map((one) =>
    make("button", { class: "emoji", type: "button", onclick: () => onPick(one) }, one),
  );
  const onkeydown = (event: KeyboardEvent) => moveInGrid(event, ".emoji", columns);
  const grid = make("div", { class: "emoji-grid", onkeydown }, ...buttons);
  return new Sheet(translator, translator.translate("emoji"), { body: [grid] });
}
