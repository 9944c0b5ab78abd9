import { isElsewhere } from "./elsewhere.ts";
import {
  type Answer,
  admin,
  apiUrl,
  call,
  eventually,
  expectFailure,
  freshId,
  giftType,
  type Person,
  person,
  sentences,
} from "./people.ts";
import { picture, pictureTypes } from "./picture-files.ts";

const bytesMax = 3_670_016;
const route = "POST /api/v1/live-stream/create";

/** A form with one file under any name. */
function form(field: string, bytes: Uint8Array<ArrayBuffer>, name = "a.txt", type = "text/plain") {
  const data = new FormData();
  data.set("title", "Pictured");
  data.set(field, new Blob([bytes], { type }), name);
  return data;
}

const create = (as: Person, bytes: Uint8Array<ArrayBuffer>, name?: string, type?: string) =>
  call(route, { as, raw: form("thumbnail", bytes, name, type) });

/** Requests a URL as a browser would. */
async function look(url: string, { method = "GET", headers = {} } = {}) {
  const answer = await fetch(url, { method, headers });
  return { ...answer, status: answer.status, headers: answer.headers, bytes: await answer.bytes() };
}

/** Headers of API Gateway and CloudFront with random letters, which may contain any short word. */
const randomIds = ["x-amz-apigw-id", "x-amz-cf-id"];

const refusedFor = (answer: Answer, field: string) => {
  expectFailure(answer, 400, sentences[400]);
  expect(answer.body.errors[1]).toMatch(new RegExp(`^${field}: `));
};

test.each(pictureTypes)("%s is stored, and served unchanged to everybody", async (type) => {
  const as = await person();
  const name = `secret-${freshId()}.svg`;
  const bytes = picture(type);
  const made = await create(as, bytes, name, "image/svg+xml");
  expect(made.status).toBe(201);
  const url: string = made.body.data.thumbnailUrl;
  expect(url.startsWith(`${apiUrl()}/pictures/`) || isElsewhere).toBeTruthy();
  for (const headers of [
    {},
    { accept: "image/avif,image/webp,*/*;q=0.8" },
    { accept: "text/html" },
    { authorization: "Bearer nonsense" },
  ]) {
    const found = await look(url, { headers });
    expect([found.status, Buffer.compare(found.bytes, bytes)]).toEqual([200, 0]);
    expect(found.headers.get("content-type")).toBe(type);
    expect(found.headers.get("x-content-type-options")).toBe("nosniff");
    expect(found.headers.get("cache-control")).toMatch(/^public, max-age=31536000, immutable$/);
    const named = [...found.headers].filter(([name]) => !randomIds.includes(name));
    expect(JSON.stringify([url, ...named])).not.toMatch(/secret|svg|a\.txt/);
  }
  const head = await look(url, { method: "HEAD" });
  expect([head.status, head.bytes.length]).toEqual([200, 0]);
  expect(head.headers.get("content-type")).toBe(type);
  expect(head.headers.get("content-length")).toBe(String(bytes.length));
  const known = await look(url, { headers: { "if-none-match": head.headers.get("etag")! } });
  expect([known.status, known.bytes.length]).toEqual([304, 0]);
});

test("a picture is deleted with its stream, and an unknown one is 404", async () => {
  const as = await person();
  const { data } = (await create(as, picture("image/gif"))).body;
  expect((await look(data.thumbnailUrl)).status).toBe(200);
  expect((await call(`DELETE /api/v1/live-stream/${data.id}`, { as })).status).toBe(200);
  await eventually(
    () => look(data.thumbnailUrl),
    ({ status }) => status === 404,
  );
  for (const id of [freshId(), "x", "..%2F..%2Fetc", "a".repeat(500)])
    expectFailure(await call(`GET /pictures/${id}`), 404, sentences[404]);
  for (const method of ["POST", "DELETE", "PUT"])
    expectFailure(await call(`${method} /pictures/${freshId()}`), 404, sentences[404]);
});

test("a picture of 3,670,016 bytes is accepted, one byte more is not", async () => {
  const as = await person();
  const largest = picture("image/jpeg", bytesMax);
  const made = await create(as, largest);
  expect(made.status).toBe(201);
  const found = await look(made.body.data.thumbnailUrl);
  expect(Buffer.compare(found.bytes, largest)).toBe(0);
  refusedFor(await create(as, picture("image/jpeg", bytesMax + 1)), "thumbnail");
  expectFailure(await create(as, picture("image/jpeg", 4_300_000)), 413, sentences[413]);
});

test("a key makes one stream with one picture", async () => {
  const as = await person();
  const key = freshId();
  const bytes = picture("image/png");
  const [first, again] = [
    await call(route, { as, key, raw: form("thumbnail", bytes) }),
    await call(route, { as, key, raw: form("thumbnail", bytes) }),
  ];
  expect(again.text).toBe(first.text);
  const other = await call(route, { as, key, raw: form("thumbnail", picture("image/png")) });
  expect(other.status).toBe(422);
});

const ascii = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));

test.each([
  ["an SVG", ascii('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')],
  ["a page", ascii("<!doctype html><script>alert(1)</script>")],
  ["a PNG with leading bytes", ascii("\n\u0089PNG\r\n\u001a\n")],
  ["half a beginning", ascii("\u0089PNG")],
  ["another RIFF", ascii("RIFF\u0001\u0000\u0000\u0000WAVE")],
  ["a GIF of unknown version", ascii("GIF88a")],
  ["a PDF", ascii("%PDF-1.7")],
  ["an empty file with a name", new Uint8Array(0)],
])("%s is refused, whatever its name", async (_, bytes) => {
  refusedFor(await create(await person(), bytes, "a.png", "image/png"), "thumbnail");
});

test("a file of two types is served as the type of its first bytes", async () => {
  const bytes = ascii("GIF89a/*\u0000*/=1;alert(1)//<script>alert(1)</script>");
  const made = await create(await person(), bytes, "a.js", "text/javascript");
  expect(made.status).toBe(201);
  const found = await look(made.body.data.thumbnailUrl);
  expect(found.headers.get("content-type")).toBe("image/gif");
  expect(found.headers.get("content-security-policy")).toMatch(/default-src 'none'.*sandbox/);
});

describe("a malformed form is refused", () => {
  const part = (name: string, content: string) =>
    `--b\r\nContent-Disposition: form-data; ${name}\r\n\r\n${content}\r\n`;
  const title = part('name="title"', "t");
  const file = part('name="thumbnail"; filename="a.gif"', "GIF89a");
  const send = async (body: string, type = "multipart/form-data; boundary=b") =>
    call(route, {
      as: await person(),
      raw: ascii(body),
      headers: { "content-type": type },
    });

  test.each([
    ["without a boundary", `${title}--b--\r\n`, "multipart/form-data"],
    ["with another boundary", `${title}--b--\r\n`, "multipart/form-data; boundary=c"],
    ["cut off in its file", `${title}${file.slice(0, -8)}`, undefined],
    ["cut off in a header", `${title}--b\r\nContent-Dispo`, undefined],
    ["without a closing boundary", title, undefined],
    ["empty", "", undefined],
    ["with two files", `${title}${file}${file}--b--\r\n`, undefined],
    [
      "with a field and a file of one name",
      `${title}${part('name="thumbnail"', "x")}${file}--b--`,
      undefined,
    ],
    ["with JSON instead", '{"title":"t"}', undefined],
  ])("%s", async (_, body, type) => {
    expectFailure(await send(body, type), 400, sentences[400]);
  });

  test("with more fields than any form has", async () => {
    const many = Array.from({ length: 50 }, (_, at) => part(`name="f${at}"`, "x")).join("");
    const refused = await send(`${title}${many}--b--\r\n`);
    expectFailure(refused, 400, sentences[400]);
    expect(refused.body.errors.slice(1)).toEqual(["body: expected at most 50 fields"]);
    expect((await send(`${title}${many.slice(0, many.lastIndexOf("--b"))}--b--\r\n`)).status).toBe(
      201,
    );
  });

  test("with text that is not UTF-8, but not with U+FFFD itself", async () => {
    const sendTitle = async (text: Buffer) => {
      const [before, after] = `${part('name="title"', "|")}--b--\r\n`.split("|");
      const raw = Buffer.concat([Buffer.from(before!), text, Buffer.from(after!)]);
      const headers = { "content-type": "multipart/form-data; boundary=b" };
      return call(route, { as: await person(), raw, headers });
    };
    const refused = await sendTitle(Buffer.from([0x61, 0xff, 0x62]));
    expectFailure(refused, 400, sentences[400]);
    expect(refused.body.errors.slice(1)).toEqual(["title: not UTF-8"]);
    const made = await sendTitle(Buffer.from("a\ufffdb"));
    expect([made.status, made.body.data?.title]).toEqual([201, "a\ufffdb"]);
  });

  test("but not because of a long or unusual file name", async () => {
    const names = ["x".repeat(60_000), "../../etc/passwd", "a\u0001b", "çok güzel 😀.gif"];
    // Quotes as browsers and as some other clients send them, and a last backslash.
    const quoting = ["%22a%22.gif", '\\"a\\".gif', 'a\\"', "a\\"];
    for (const name of [...names, ...quoting]) {
      const named = part(`name="thumbnail"; filename="${name}"`, "GIF89a");
      const made = await send(`${title}${named}--b--\r\n`);
      expect([name.slice(0, 20), made.status]).toEqual([name.slice(0, 20), 201]);
      expect(made.body.data.thumbnailUrl).toMatch(/\/pictures\/[0-9a-f]{24}$/);
    }
  });

  test("nor because a text and a file contain its boundary", async () => {
    const content = "GIF89a b --b\r\n--b x\r\n--box\r\n-b--";
    const file = part('name="thumbnail"; filename="b.gif"', content);
    const made = await send(`${part('name="title"', "bob --b")}${file}--b--\r\n`);
    expect([made.status, made.body.data?.title]).toEqual([201, "bob --b"]);
    const found = await look(made.body.data.thumbnailUrl);
    expect(Buffer.from(found.bytes).toString("latin1")).toBe(content);
  });

  test("nor for an empty file input", async () => {
    const none = part('name="thumbnail"; filename=""', "");
    const made = await send(`${title}${none}--b--\r\n`);
    expect([made.status, made.body.data?.thumbnailUrl]).toEqual([
      201,
      expect.not.stringMatching(/\/pictures\/[0-9a-f]{24}$/),
    ]);
  });
});

test("a user uploads a photo as a file; the previous one is removed", async () => {
  const as = await person();
  const photo = "POST /api/v1/users/me/photo";
  const first = await call(photo, { as, raw: form("photo", picture("image/webp")) });
  expect(first.status).toBe(200);
  const url: string = first.body.data.profilePhoto.url;
  expect((await look(url)).headers.get("content-type")).toBe("image/webp");
  expect((await call("GET /api/v1/users/me", { as })).body.data.profilePhoto.url).toBe(url);
  const second = await call(photo, { as, raw: form("photo", picture("image/png")) });
  expect(second.body.data.profilePhoto.url).not.toBe(url);
  await eventually(
    () => look(url),
    ({ status }) => status === 404,
  );
  const none = await call("PUT /api/v1/users/me", { as, body: { profilePhoto: null } });
  expect(none.status).toBe(200);
  await eventually(
    () => look(second.body.data.profilePhoto.url),
    ({ status }) => status === 404,
  );
  refusedFor(await call(photo, { as, raw: form("photo", ascii("<svg/>")) }), "photo");
  refusedFor(await call(photo, { as, raw: form("picture", picture("image/png")) }), "photo");
  refusedFor(await call(photo, { as, body: {} }), "photo");
  refusedFor(await call(photo, { as, body: { photo: "https://x.example.com/a.png" } }), "photo");
  expectFailure(
    await call(photo, { raw: form("photo", picture("image/png")) }),
    401,
    sentences[401],
  );
});

test("a photo has the sizes that clients show, and all are deleted with it", async () => {
  const as = await person();
  const photo = "POST /api/v1/users/me/photo";
  const raw = form("photo", picture("image/png", 900_000));
  const { url } = (await call(photo, { as, raw })).body.data.profilePhoto;
  const stream = await call(route, { as, body: { title: "Shown" } });
  const { variants } = stream.body.data.creator.profilePhoto;
  expect(variants).toEqual({ 40: `${url}-40`, 76: `${url}-76` });
  const urls = [...Object.values<string>(variants), `${url}-480`];
  for (const one of urls) {
    const found = await look(one);
    expect([found.status, found.headers.get("content-type")]).toEqual([200, "image/jpeg"]);
    expect(found.bytes.length).toBeLessThan(1_000);
    expect(found.headers.get("etag")).toBe(`"${one.split("/").at(-1)}"`);
  }
  for (const size of ["41", "4000", "40-40", ""])
    expect((await look(`${url}-${size}`)).status).toBe(404);
  await call("PUT /api/v1/users/me", { as, body: { profilePhoto: null } });
  for (const one of urls)
    await eventually(
      () => look(one),
      ({ status }) => status === 404,
    );
});

/*
 * Planted fault that turns this red: a photo that is kept whatever the codec says.
 */
test("an undecodable photo is refused, and an undecodable thumbnail is stored unchanged", async () => {
  const as = await person();
  const photo = "POST /api/v1/users/me/photo";
  for (const type of pictureTypes) {
    const bytes = picture(type).slice(0, 120);
    refusedFor(await call(photo, { as, raw: form("photo", bytes) }), "photo");
    const made = await create(as, bytes);
    expect([type, made.status]).toEqual([type, 201]);
    for (const size of ["", "-480"]) {
      const found = await look(`${made.body.data.thumbnailUrl}${size}`);
      expect([found.headers.get("content-type"), found.bytes.length]).toEqual([type, 120]);
    }
  }
  const good = await call(photo, { as, raw: form("photo", picture("image/png")) });
  expect(good.status).toBe(200);
});

test("only admins upload a gift type's image", async () => {
  const [as, id] = [await admin(), await giftType(5)];
  const image = (of: string) => `POST /api/v1/gifts/gift-types/${of}/image`;
  const made = await call(image(id), { as, raw: form("image", picture("image/gif")) });
  expect([made.status, made.body.data.id]).toEqual([200, id]);
  expect((await look(made.body.data.svgUrl)).headers.get("content-type")).toBe("image/gif");
  const someone = await person();
  const raw = form("image", picture("image/gif"));
  expectFailure(await call(image(id), { as: someone, raw }), 403, sentences[403]);
  expectFailure(await call(image(freshId()), { as, raw }), 404, sentences[404]);
  expectFailure(await call(image("x"), { as, raw }), 400, sentences[400]);
  refusedFor(await call(image(id), { as, raw: form("image", ascii("<svg/>")) }), "image");
});

test("the description matches the actual requests and responses", async () => {
  const { paths } = (await call("GET /openapi.json")).body;
  const { responses } = paths["/pictures/{id}"].get;
  const made = await create(await person(), picture("image/png"));
  const found = await look(made.body.data.thumbnailUrl);
  const shown = responses[200].headers;
  expect(found.headers.get("cache-control")).toBe(shown["cache-control"].example);
  const etag = found.headers.get("etag")!;
  expect(shown.etag.example.replace(/[0-9a-f]/g, "0")).toBe(etag.replace(/[0-9a-f]/g, "0"));
  expect(Object.keys(responses)).toEqual(["200", "304", "404", "500", "503"]);
  // A file is described only by its bytes.
  for (const [path, field] of [
    ["/api/v1/users/me/photo", "photo"],
    ["/api/v1/gifts/gift-types/{id}/image", "image"],
  ] as const) {
    const { schema } = paths[path].post.requestBody.content["multipart/form-data"];
    const description = expect.stringContaining(String(bytesMax));
    expect(schema.properties[field]).toEqual({ type: "string", format: "binary", description });
  }
});
