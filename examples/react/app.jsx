import { createClient, OvationError } from "@ovation/client";
import { useStream, useWallet } from "@ovation/client/react";
import { useState } from "react";
import { createRoot } from "react-dom/client";

const given = new URLSearchParams(location.search);
const url = given.get("url") ?? "http://127.0.0.1:4000";
const streamId = given.get("stream") ?? "64d15f9e2e6c8f4d5a123000";
const giftTypeId = "65a1234bcde5678f90123456";
const name = given.get("name") ?? "ann";

/** In production, call your own server; /local/token exists only on a local system. */
async function fetchToken() {
  const body = JSON.stringify({ sub: name, credits: 500 });
  const answer = await fetch(`${url}/local/token`, { method: "POST", body });
  if (!answer.ok) throw new Error(`No token: ${answer.status}`);
  return (await answer.json()).token;
}

/** A refusal has messages for users; any other error is a network failure or a bug. */
const explain = (error) =>
  (error instanceof OvationError && error.errors.join(" ")) || "That did not work.";

const client = createClient({ url, token: fetchToken, onError: console.warn });

function Room() {
  const [text, setText] = useState("");
  const [fault, setFault] = useState();
  const room = useStream(client, streamId, { limit: 50 });
  const { wallet, error: walletFault } = useWallet(client);
  const error = fault ?? room.error ?? walletFault;

  function send(event) {
    event.preventDefault();
    setText("");
    setFault(undefined);
    const message = room.send(text);
    message.sent.catch((error) => {
      setFault(error);
      message.discard();
    });
  }
  function give() {
    setFault(undefined);
    client.sendGift(streamId, giftTypeId).catch(setFault);
  }

  if (room.end) return <p role="status">Over: {room.end.reason}</p>;
  return (
    <main>
      <p role="status">{room.isReady ? `${room.viewers} watching` : "Connecting…"}</p>
      <p>{wallet?.balance ?? "…"} credits</p>
      <ul aria-live="polite">
        {room.messages.map(({ _id, sender, content }) => (
          <li key={_id}>{`${sender.username}: ${content}`}</li>
        ))}
        {room.pending.map(({ key, content }) => (
          <li key={key}>{`${name}: ${content} …`}</li>
        ))}
      </ul>
      <form onSubmit={send}>
        <input
          aria-label="Message"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <button type="submit" disabled={!room.isReady || text === ""}>
          Send
        </button>
        <button type="button" onClick={give}>
          Give a rose
        </button>
      </form>
      {error && <p role="alert">{explain(error)}</p>}
    </main>
  );
}

createRoot(document.getElementById("root")).render(<Room />);
