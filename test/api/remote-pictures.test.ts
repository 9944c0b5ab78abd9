import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { testHere } from "./elsewhere.ts";
import { call, eventually, liveStream, type Person, person } from "./people.ts";
import { picture } from "./picture-files.ts";

const testSeen = testHere("a deployed stage cannot fetch pictures from this machine");

let base: string;
let asked: string[] = [];
let answer: (...call: Parameters<RequestListener>) => unknown;
/** A host of pictures on this machine. */
const host = createServer((request, response) => {
  asked.push(request.url ?? "");
  void answer(request, response);
});
beforeAll(async () => {
  await new Promise<void>((done) => host.listen(0, "127.0.0.1", done));
  base = `http://127.0.0.1:${(host.address() as AddressInfo).port}`;
});
beforeEach(() => {
  asked = [];
});
afterAll(async () => {
  host.closeAllConnections();
  await new Promise((done) => host.close(done));
});

const choose = async (as: Person, profilePhoto: string | null) =>
  (await call("PUT /api/v1/users/me", { as, body: { profilePhoto } })).body.data.profilePhoto.url;

/** What another user is shown of a user. */
const shownTo = async (as: Person, of: Person): Promise<string> =>
  (await call(`GET /api/v1/users/${of.id}`, { as })).body.data.profilePhoto.url;
const ownOf = (of: Person) => call("GET /api/v1/users/me", { as: of });

/** The picture as soon as it is served by the stage. */
const served = (as: Person, of: Person) =>
  eventually(
    () => shownTo(as, of),
    (url) => /\/pictures\/[0-9a-f]{24}$/.test(url),
  );

const bytesOf = async (url: string) => Buffer.from(await (await fetch(url)).bytes());

testSeen(
  "a user's picture at another host is fetched once, and served from here afterwards",
  async () => {
    const [as, viewer] = [await person(), await person()];
    const held = Promise.withResolvers<void>();
    const bytes = picture("image/jpeg");
    answer = async (_, response) => {
      await held.promise;
      response.end(bytes);
    };
    const address = `${base}/ann.jpg?key=secret`;
    expect(await choose(as, address)).toBe(address);
    const { id } = await liveStream();
    const say = async () => {
      const message = { as, body: { content: "Hi" } };
      const sent = await call(`POST /api/v1/live-stream/${id}/chat/messages`, message);
      return sent.body.sender.profilePhoto.url;
    };
    expect([await shownTo(viewer, as), await say()]).toEqual([address, address]);
    held.resolve();
    const url = await served(viewer, as);
    expect(await bytesOf(url)).toEqual(Buffer.from(bytes));
    expect((await fetch(`${url}-40`)).headers.get("content-type")).toBe("image/jpeg");
    expect([await say(), (await ownOf(as)).body.data.profilePhoto.url]).toEqual([url, url]);
    const { profile } = (await call("GET /api/v1/users/me/export", { as })).body.data;
    expect(profile).toMatchObject({ picture: url, pictureFrom: address });
    expect(asked).toEqual(["/ann.jpg?key=secret"]);

    expect((await call("DELETE /api/v1/users/me", { as })).status).toBe(204);
    await eventually(
      () => fetch(url),
      ({ status }) => status === 404,
    );
  },
);

testSeen(
  "a picture that cannot be fetched keeps its address, and the next address is fetched",
  async () => {
    const [as, viewer] = [await person(), await person()];
    const unpictured = await shownTo(viewer, viewer);
    const bytes = picture("image/png");
    answer = (request, response) => {
      if (request.url === "/page") response.end("<html>");
      else if (request.url === "/moved") response.writeHead(302, { location: "/good" }).end();
      else response.end(bytes);
    };
    for (const path of ["/page", "/moved"]) {
      await choose(as, `${base}${path}`);
      await eventually(
        async () => asked,
        (paths) => paths.includes(path),
      );
      expect(await shownTo(viewer, as)).toBe(`${base}${path}`);
    }
    await choose(as, `${base}/last`);
    expect(await bytesOf(await served(viewer, as))).toEqual(Buffer.from(bytes));
    expect(asked).toEqual(["/page", "/moved", "/last"]);
    expect(await choose(as, null)).toBe(unpictured);
  },
);
