/** Whether an object shows this user: by either field name of their id, and with a username. */
const isPerson = (value: object, userId: string) =>
  "username" in value &&
  (("userId" in value && value.userId === userId) || ("_id" in value && value._id === userId));

/**
 * Removes a user's names and picture from stored or shown data, at any depth; everything else stays
 * unchanged, in order. The bare id stays.
 */
export function anonymize<T>(value: T, userId: string, defaultPicture: string): T {
  if (Array.isArray(value)) return value.map((one) => anonymize(one, userId, defaultPicture)) as T;
  if (value === null || typeof value !== "object") return value;
  const inner = Object.entries(value).map(([name, part]) => [
    name,
    anonymize(part, userId, defaultPicture),
  ]);
  const whole: Record<string, unknown> = Object.fromEntries(inner);
  if (!isPerson(value, userId)) return whole as T;
  const names = { username: "", name: "", surname: "" };
  return { ...whole, ...names, ...picturesOf(whole, defaultPicture) } as T;
}

function picturesOf({ picture, profilePhoto }: Record<string, unknown>, url: string) {
  if (picture !== undefined) return { picture: "" };
  if (typeof profilePhoto === "string") return { profilePhoto: url };
  if (typeof profilePhoto !== "object") return {};
  return { profilePhoto: { ...profilePhoto, url, variants: { "40": url, "76": url } } };
}
