import { isStaffName, looksLikeStaff } from "../../domain/people/staff-names.ts";

const reserved = [
  ...["admin", "administrator", "mod", "moderator", "official", "ovation", "support", "security"],
  "billing",
];

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
    ...["realadmin", "the_real_admin", "mod", "m0ds", "kpop.mod", "security", "billing"],
    ...["billing_ovation", "supportteam", "Ovation-Team", "iamadmin", "themods"],
    ...["admin.john", "john_admin", "JohnAdmin", "the-official-john", "5upp0rt"],
  ])("%s", (username) => {
    expect(looksLikeStaff(username, reserved)).toBe(true);
  });

  test.each([
    ...["badminton", "johndoe", "supporter", "supportive1", "ovational", "administer", "Nadmin"],
    ...["modern.ann", "commodore", "modest_may", "model", "theodor", "anna.billings", "realmadrid"],
    ...["insecurity", "teamwork", "the-team", "realtime"],
    ...["64d15f9e2e6c8f4d5a123456", "officially.ann", "motivation", "..."],
  ])("%s does not", (username) => {
    expect(looksLikeStaff(username, reserved)).toBe(false);
  });

  test("on a stage without reserved words, none does", () => {
    expect(looksLikeStaff("admin", [])).toBe(false);
  });
});

describe("a name looks like a staff name", () => {
  const isStaff = (name: string, surname = "") => isStaffName({ name, surname }, reserved);

  test.each([
    ...["Ovation Support ✔️ Official", "Admin", "ADMIN 2", "The Real Admin", "Support Team"],
    ...["Оvаtiоn Suрроrt", "ᗩᗪᗰIᑎ", "𝐀𝐝𝐦𝐢𝐧", "⒜⒟⒨⒤⒩", "✅ S u p p o r t ✅", "Modérator"],
  ])("%s", (name) => {
    expect(isStaff(name)).toBe(true);
    expect(isStaff("", name)).toBe(true);
  });

  test("in two parts", () => {
    expect(isStaff("Ovation", "Support")).toBe(true);
    expect(isStaff("Ad", "min")).toBe(true);
  });

  test.each([
    ["Ann", "Official"],
    ["Modupe", "Ade"],
    ["Ann", "Billings"],
    ["Мод", "Иванов"],
    ["陈", "Admin 小明"],
    ["", ""],
    ["✔️", ""],
    ["admin".repeat(20), ""],
  ])("%s %s does not", (name, surname) => {
    expect(isStaff(name, surname)).toBe(false);
  });
});
