import { hueOf, initialOf, nameOf, type Person, pictureOf } from "../../web/chat/person.ts";

const person = (given: Partial<Person>): Person => ({
  _id: "u1",
  username: "",
  name: "",
  surname: "",
  profilePhoto: "",
  ...given,
});

test("a user's display name is the name, else the username, else the id", () => {
  expect(nameOf(person({ name: "Ada", surname: "Lovelace", username: "ada" }))).toBe(
    "Ada Lovelace",
  );
  expect(nameOf(person({ surname: "Lovelace" }))).toBe("Lovelace");
  expect(nameOf(person({ username: "ada" }))).toBe("ada");
  expect(nameOf(person({}))).toBe("u1");
});

test("an initial is a whole character, however many code points it is made of", () => {
  expect(initialOf(person({ name: "élodie" }))).toBe("É");
  expect(initialOf(person({ name: "👩‍👩‍👧 family" }))).toBe("👩‍👩‍👧");
  expect(initialOf(person({ name: "陈伟" }))).toBe("陈");
});

test("a hue belongs to an id, and two people of one name mostly differ", () => {
  expect(hueOf("u1")).toBe(hueOf("u1"));
  const hues = Array.from({ length: 200 }, (_, at) => hueOf(`user-${at}`));
  expect(Math.min(...hues)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...hues)).toBeLessThan(360);
  expect(new Set(hues).size).toBeGreaterThan(120);
});

test("pictures are shown only with https and a host that can exist", () => {
  const of = (profilePhoto: Person["profilePhoto"]) => pictureOf(person({ profilePhoto }));
  expect(of("https://cdn.example.com/a.png")).toBe("https://cdn.example.com/a.png");
  expect(of({ url: "https://x.test/b.png", variants: { "40": "https://x.test/40.png" } })).toBe(
    "https://x.test/40.png",
  );
  for (const none of [
    "https://assets.ovation.example/default-picture.png",
    "http://x.test/a.png",
    "javascript:alert(1)",
    "",
  ])
    expect(of(none)).toBeUndefined();
});
