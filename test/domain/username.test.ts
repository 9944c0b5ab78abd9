import { looksLikeStaff } from "../../domain/people/username.ts";

const reserved = ["admin", "administrator", "moderator", "official", "ovation", "support"];

describe("a username looks like staff", () => {
  test.each([
    ...[
      "admin",
      "Admin",
      "ADMIN",
      "admins",
      "admin1",
      "1admin",
      "admin2026",
      "a-d-m-i-n",
      "_admin_",
    ],
    ...["adm1n", "4dmin", "4dm1n", "admln", "adrnin", "AdMiN", "adm1n1strat0r", "m0derat0r"],
    ...["0vation", "Ovation.Support", "OvationSupport", "ovationsupport", "0fficial_0vation"],
    ...["admin.john", "john_admin", "JohnAdmin", "the-official-john", "5upp0rt"],
  ])("%s", (username) => {
    expect(looksLikeStaff(username, reserved)).toBe(true);
  });

  test.each([
    ...["badminton", "johndoe", "supporter", "supportive1", "ovational", "administer", "Nadmin"],
    ...["64d15f9e2e6c8f4d5a123456", "officially.ann", "motivation", "..."],
  ])("%s does not", (username) => {
    expect(looksLikeStaff(username, reserved)).toBe(false);
  });

  test("where a stage reserves no words, none does", () => {
    expect(looksLikeStaff("admin", [])).toBe(false);
  });
});
