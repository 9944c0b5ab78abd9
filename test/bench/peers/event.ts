/** One event of a run: its number, and when it was sent (milliseconds since 1970, with parts). */
type Sent = { run: number; n: number; sentAt: number };

/** Fills a message to the length of a common one. */
const words = "what a goal, greetings from the other side of the sea";

/** The clock of all processes of this machine, finer than a millisecond. */
export const clock = () => performance.timeOrigin + performance.now();

/** The text of an event, which carries all that is measured. */
export const contentOf = ({ run, n, sentAt }: Sent, filling = words) =>
  `${run} ${n} ${sentAt.toFixed(3)} ${filling}`;

/** Reads an event's text; undefined for another sender's text. */
export function readContent(content: string): Sent | undefined {
  const [run, n, sentAt] = content.split(" ", 3).map(Number);
  if (run === undefined || n === undefined || sentAt === undefined) return undefined;
  return Number.isFinite(run + n + sentAt) ? { run, n, sentAt } : undefined;
}

const picture = "https://assets.ovation.example/default-picture.png";

/** A chat message with the fields that Ovation's has, so that all peers send as many bytes. */
export function messageOf(id: string, content: string) {
  const at = new Date().toISOString();
  const variants = { "40": picture, "76": picture };
  return {
    id: `message:${id}`,
    type: "chat.message",
    at,
    data: {
      _id: id,
      streamId: "64d15f9e2e6c8f4d5a123000",
      content,
      sender: {
        _id: "64d15f9e2e6c8f4d5a123456",
        username: "johndoe",
        name: "John",
        surname: "Doe",
        profilePhoto: {
          _id: "64d15f9e2e6c8f4d5a123456",
          url: picture,
          type: "image",
          variants,
          createdAt: at,
          updatedAt: at,
        },
        availabilityStatus: "available",
      },
      createdAt: at,
      updatedAt: at,
    },
  };
}
