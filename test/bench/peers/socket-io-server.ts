/**
 * A chat server on Socket.IO as its documentation teaches it: `memory` with connection state
 * recovery, `sqlite` with every message in a file and a replay by offset.
 */
import { createServer } from "node:http";
import { DatabaseSync } from "node:sqlite";
import { Server } from "socket.io";
import { messageOf } from "./event.ts";

const [variant, port, file] = process.argv.slice(2) as [string, string, string];
const http = createServer();
const recoverMilliseconds = 120_000;
const io = new Server(http, {
  serveClient: false,
  ...(variant === "memory" && {
    connectionStateRecovery: { maxDisconnectionDuration: recoverMilliseconds },
  }),
});
const room = "stream";

function serveFromMemory(): void {
  let count = 0;
  io.on("connection", (socket) => {
    if (!socket.recovered) socket.join(room);
    socket.on("say", (content: string, _offset: string, done: () => void) => {
      io.to(room).emit("message", messageOf(String(++count), content));
      done();
    });
  });
}

function serveFromFile(): void {
  const db = new DatabaseSync(file);
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
  db.exec(`CREATE TABLE IF NOT EXISTS messages
    (id INTEGER PRIMARY KEY AUTOINCREMENT, client_offset TEXT UNIQUE, content TEXT)`);
  const put = db.prepare(
    "INSERT OR IGNORE INTO messages (client_offset, content) VALUES (?, ?) RETURNING id",
  );
  const after = db.prepare("SELECT id, content FROM messages WHERE id > ? ORDER BY id");
  io.on("connection", (socket) => {
    const offset = Number(socket.handshake.auth.serverOffset ?? -1);
    // Read and joined in one turn of the loop, so that nothing comes between.
    if (offset >= 0)
      for (const { id, content } of after.all(offset))
        socket.emit("message", messageOf(String(id), String(content)), Number(id));
    socket.join(room);
    socket.on("say", (content: string, clientOffset: string, done: () => void) => {
      const row = put.get(clientOffset, content);
      if (row !== undefined)
        io.to(room).emit("message", messageOf(String(row.id), content), Number(row.id));
      done();
    });
  });
}

if (variant === "memory") serveFromMemory();
else serveFromFile();
http.listen(Number(port), "127.0.0.1", () => console.log("ready"));
process.on("SIGTERM", () => process.exit(0));
