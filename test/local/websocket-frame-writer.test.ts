import { createHash } from "node:crypto";
import { createServer } from "node:net";
import { WebSocket } from "ws";
import { findTextFrame, writeTextFrame } from "../../local/gateway/websocket-frame-writer.ts";
import { listen } from "../../local/reachable.ts";

test.each([0, 1, 125, 126, 127, 65_535, 65_536, 131_072])(
  "a client reads a message of %d bytes as it was written",
  async (length) => {
    const text = "é".repeat(length / 2) + "x".repeat(length % 2);
    const data = Buffer.from(text);
    expect(data.byteLength).toBe(length);
    // A server that implements only the protocol's handshake.
    const server = createServer((socket) => {
      socket.once("data", (request) => {
        const key = /Sec-WebSocket-Key: (.*)\r\n/i.exec(request.toString())?.[1];
        const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
        socket.write(
          "HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
            `Sec-WebSocket-Accept: ${accept.digest("base64")}\r\n\r\n`,
        );
        socket.write(Buffer.concat([writeTextFrame(data), writeTextFrame(Buffer.from("end"))]));
      });
    });
    const port = await listen(server);
    const client = new WebSocket(`ws://127.0.0.1:${port}`);
    const heard: [string, boolean][] = [];
    await new Promise<void>((done) => {
      client.on("message", (message, isBinary) => {
        heard.push([message.toString(), isBinary]);
        if (heard.length === 2) done();
      });
    });
    expect(heard).toEqual([
      [text, false],
      ["end", false],
    ]);
    client.terminate();
    await new Promise((done) => server.close(done));
  },
);

test("the frame of one object is built once, and rebuilt for an equal object", () => {
  const data = Buffer.from("same");
  expect(findTextFrame(data)).toBe(findTextFrame(data));
  expect(findTextFrame(Buffer.from("same"))).not.toBe(findTextFrame(data));
  expect(findTextFrame(Buffer.from("same"))).toEqual(findTextFrame(data));
});
