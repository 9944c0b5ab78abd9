import fc from "fast-check";
import { Gift, itemOf } from "../../domain/money/gift-item.ts";
import { refundNotices } from "../../domain/money/refund.ts";
import { gift as giftItem, now } from "./frame-samples.ts";

const moment = fc.constantFrom("2026-01-01T00:00:00.000Z", "2026-11-21T13:59:55.929Z");
const person = fc.record({
  userId: fc.constantFrom("ann", "bob", "host"),
  username: fc.constantFrom("", "ann"),
  name: fc.constantFrom("", "Ayşe Nur"),
  surname: fc.constant(""),
  picture: fc.constant(""),
  createdAt: moment,
  updatedAt: moment,
});
const id = fc.constantFrom("6b01a3dc9f1a434cbf19e65e", "6b01a3dc060c6e2cb238af80");
const gift: fc.Arbitrary<Gift> = fc.record(
  {
    id,
    kind: fc.constantFrom("gift", "superlike"),
    streamId: id,
    hostId: fc.constantFrom("ann", "host"),
    sender: person,
    receivers: fc.array(person, { minLength: 1, maxLength: 3 }),
    count: fc.constantFrom(1, 2, 1_000_000),
    combo: fc.constantFrom(1, 7),
    comboId: id,
    price: fc.constantFrom(1, 10),
    createdAt: moment,
    due: fc.constantFrom("host", "ann"),
    dueCredits: fc.constantFrom(0, 10),
    charged: fc.boolean(),
    revision: fc.constantFrom(1, 2),
  },
  { noNullPrototype: true },
);

test("a gift read from its item equals the original, whatever the item omits", () => {
  fc.assert(fc.property(gift, (one) => expect(Gift.parse(itemOf(one))).toEqual(one)));
});

test("a gift that was stored whole is read unchanged", () => {
  fc.assert(fc.property(gift, (one) => expect(Gift.parse(one)).toEqual(one)));
});

test.each([
  [{}, /gift/i, /Rose.* 10 credits/],
  [{ charged: false }, /gift/i, /Rose(?!.*credits)/],
  [{ kind: "superlike" }, /gift/i, /superlike.* 10 credits/],
  [{ kind: "pass" }, /pass/i, /pass.* 10 credits/],
])(
  "the sender of a refunded gift with %j reads what it was and what they got",
  (more, title, message) => {
    const notices = refundNotices(Gift.parse(giftItem(1, more)), () => "1".repeat(24), now);
    expect(notices.map(({ userId }) => userId)).toEqual(["ben", "host"]);
    expect(notices[0]?.title).toMatch(title);
    expect(notices[0]?.message).toMatch(message);
  },
);
