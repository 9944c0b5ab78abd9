/** The simulated viewers and their messages. */

/** Fictitious users. */
export const people: [sub: string, given: string, family: string, username: string][] = [
  ["sim-mert", "Mert", "Aydın", "mertay"],
  ["sim-lena", "Lena", "Fischer", "lenaf"],
  ["sim-noor", "Noor", "Haddad", "noor.h"],
  ["sim-kenji", "Kenji", "Mori", "kenjimori"],
  ["sim-amara", "Amara", "Okafor", "amara"],
  ["sim-lucia", "Lucía", "Romero", "lu.romero"],
  ["sim-theo", "Theo", "Martin", "theo"],
  ["sim-irina", "Ирина", "Волкова", "irina"],
];

export const sampleMessages = [
  "What a sound tonight!",
  "first time here, love it",
  "Herkese iyi akşamlar!",
  "That bass line.",
  "Play the long version, please",
  "greetings from Lisbon",
  "Καλησπέρα!",
  "Ses çok temiz bu akşam",
  "Qué noche más bonita",
  "wow",
  "Is this live or am I dreaming?",
  "Добрый вечер, друзья",
  "sounds even better than last week",
  "I brought my sister, she is a fan now",
  "Encore!",
  "the lights are beautiful",
  "Bu şarkıyı çok seviyorum",
  "who is on the drums?",
  "goosebumps",
  "مساء الخير",
];

/** Messages after a large gift. */
export const giftReplies = [
  "Wow, thank you!",
  "Bravo!",
  "that was generous",
  "Harika!",
  "👏👏👏",
  "Браво!",
  "yes!!",
];
