/**
 * What the chat says, by language. `{n}` and other names in braces are filled in; where a language
 * has a singular of its own it stands before a bar.
 */
const words = {
  en: {
    chat: "Chat",
    message: "Message",
    say: "Say something",
    send: "Send",
    gift: "Gift",
    gifts: "Choose one to give",
    superlike: "Superlike",
    credits: "Credits",
    viewers: "Viewers",
    close: "Close",
    missing: "{n} more needed",
    newer: "{n} new",
    gave: "gave {gift}",
    gaveMany: "gave {n} × {gift}",
    gaveGifts: "gave {n} gifts",
    superliked: "sent a superlike",
    summary: "{messages}, {gifts}",
    newMessages: "{n} new message|{n} new messages",
    newGifts: "{n} gift|{n} gifts",
    empty: "Nothing said yet. Be the first.",
    ended: "The stream is over. Thank you for watching.",
    offline: "Reconnecting since {time}. Nothing will be lost.",
    back: "Back. Nothing was missed.",
    backWith: "Back. Here is the one you missed.|Back. Here are the {n} you missed.",
    over: "Not connected any more: {reason}",
    notSent: "Not sent",
    again: "Try again",
    discard: "Discard",
    slow: "Slow mode: the next one in {n} s",
    left: "{n} left",
    muted: "You cannot write in this chat.",
    more: "Actions for {name}",
    remove: "Delete",
    pin: "Pin",
    unpin: "Unpin",
    mute: "Mute",
    block: "Block",
    removed: "Deleted.",
    didMute: "{name} is muted.",
    didBlock: "{name} is blocked.",
    undo: "Undo",
    host: "Host",
    moderator: "Moderator",
    newest: "Showing the newest {n}",
    failed: "That did not work: {reason}",
    goal: "Goal",
    noKey: "This overlay needs its whole address, with the key in it.",
    keyRevoked: "The key of this overlay was revoked. Another one can be made in its place.",
    keyRefused: "The server does not take the key of this overlay.",
  },
  tr: {
    chat: "Sohbet",
    message: "Mesaj",
    say: "Bir şey yaz",
    send: "Gönder",
    gift: "Hediye",
    gifts: "Göndermek için seç",
    superlike: "Süper beğeni",
    credits: "Kredi",
    viewers: "İzleyici",
    close: "Kapat",
    missing: "{n} eksik",
    newer: "{n} yeni",
    gave: "{gift} gönderdi",
    gaveMany: "{n} × {gift} gönderdi",
    gaveGifts: "{n} hediye gönderdi",
    superliked: "süper beğeni gönderdi",
    summary: "{messages}, {gifts}",
    newMessages: "{n} yeni mesaj",
    newGifts: "{n} hediye",
    empty: "Henüz bir şey yazılmadı. İlk sen yaz.",
    ended: "Yayın bitti. İzlediğin için teşekkürler.",
    offline: "{time} itibarıyla yeniden bağlanılıyor. Hiçbir şey kaybolmayacak.",
    back: "Geri geldin. Hiçbir şey kaçmadı.",
    backWith: "Geri geldin. Kaçırdığın {n} olay burada.",
    over: "Bağlantı kapandı: {reason}",
    notSent: "Gönderilmedi",
    again: "Yeniden dene",
    discard: "Vazgeç",
    slow: "Yavaş mod: sıradaki {n} sn sonra",
    left: "{n} kaldı",
    muted: "Bu sohbete yazamazsın.",
    more: "{name} için işlemler",
    remove: "Sil",
    pin: "Sabitle",
    unpin: "Sabitlemeyi kaldır",
    mute: "Sustur",
    block: "Engelle",
    removed: "Silindi.",
    didMute: "{name} susturuldu.",
    didBlock: "{name} engellendi.",
    undo: "Geri al",
    host: "Yayıncı",
    moderator: "Moderatör",
    newest: "En yeni {n} gösteriliyor",
    failed: "Olmadı: {reason}",
    goal: "Hedef",
    noKey: "Bu katmana anahtarıyla birlikte tam adresi gerekiyor.",
    keyRevoked: "Bu katmanın anahtarı iptal edildi. Yerine yenisi oluşturulabilir.",
    keyRefused: "Sunucu bu katmanın anahtarını kabul etmiyor.",
  },
  zh: {
    chat: "聊天",
    message: "消息",
    say: "说点什么",
    send: "发送",
    gift: "礼物",
    gifts: "选择要送的礼物",
    superlike: "超级喜欢",
    credits: "积分",
    viewers: "观众",
    close: "关闭",
    missing: "还差 {n}",
    newer: "{n} 条新消息",
    gave: "送出了{gift}",
    gaveMany: "送出了 {n} × {gift}",
    gaveGifts: "送出了 {n} 份礼物",
    superliked: "送出了超级喜欢",
    summary: "{messages}，{gifts}",
    newMessages: "{n} 条新消息",
    newGifts: "{n} 份礼物",
    empty: "还没有人说话，来说第一句吧。",
    ended: "直播已结束，感谢观看。",
    offline: "{time} 起正在重新连接，不会丢失任何内容。",
    back: "已恢复，没有错过任何内容。",
    backWith: "已恢复，以下是错过的 {n} 条。",
    over: "连接已断开：{reason}",
    notSent: "未发送",
    again: "重试",
    discard: "放弃",
    slow: "慢速模式：{n} 秒后可再发",
    left: "还可输入 {n} 字",
    muted: "你不能在此聊天中发言。",
    more: "对 {name} 的操作",
    remove: "删除",
    pin: "置顶",
    unpin: "取消置顶",
    mute: "禁言",
    block: "屏蔽",
    removed: "已删除。",
    didMute: "已将 {name} 禁言。",
    didBlock: "已屏蔽 {name}。",
    undo: "撤销",
    host: "主播",
    moderator: "管理员",
    newest: "仅显示最新 {n} 条",
    failed: "操作失败：{reason}",
    goal: "目标",
    noKey: "此叠加层需要包含密钥的完整地址。",
    keyRevoked: "此叠加层的密钥已被撤销，请另建一个。",
    keyRefused: "服务器不接受此叠加层的密钥。",
  },
} as const;

export type Language = keyof typeof words;
export type Word = keyof (typeof words)["en"];

/** Every language of the chat, and all that each says: for those who compare them. */
export const languages = words as Record<Language, Record<Word, string>>;

/** The closest language to a tag such as `tr-TR`; English where there is none. */
export function languageOf(tag: string | undefined): Language {
  const first = tag?.toLowerCase().split("-")[0] ?? "";
  return first in words ? (first as Language) : "en";
}

/** Says a word of a language with its gaps filled; numbers are written as that language does. */
export function speakerOf(language: Language) {
  const numbers = new Intl.NumberFormat(language);
  const times = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" });
  const say = (word: Word, gaps: Record<string, string | number> = {}): string => {
    const [one, other = one] = languages[language][word].split("|") as [string, string?];
    const text = gaps.n === 1 ? one : other;
    return text.replace(/\{(\w+)\}/g, (_, name) => {
      const value = gaps[name] ?? "";
      return typeof value === "number" ? numbers.format(value) : value;
    });
  };
  return {
    language,
    say,
    number: (value: number) => numbers.format(value),
    time: (iso: string) => times.format(new Date(iso)),
  };
}

export type Speaker = ReturnType<typeof speakerOf>;
