import { createClient, OvationError } from "@ovation/client";

const given = new URLSearchParams(location.search);
const url = given.get("url") ?? "http://127.0.0.1:4000";
const streamId = given.get("stream") ?? "64d15f9e2e6c8f4d5a123000";
const name = given.get("name") ?? "ann";
const find = (id) => document.getElementById(id);

/** In production, call your own server; /local/token exists only on a local system. */
async function fetchToken() {
  const body = JSON.stringify({ sub: name, credits: 500 });
  const answer = await fetch(`${url}/local/token`, { method: "POST", body });
  if (!answer.ok) throw new Error(`No token: ${answer.status}`);
  return (await answer.json()).token;
}

function showError(error) {
  // A refusal has messages for users; any other error is a network failure or a bug.
  const said = error instanceof OvationError ? error.errors.join(" ") : "That did not work.";
  find("error").textContent = said || "That did not work.";
  console.warn(error);
}

const client = createClient({
  url,
  token: fetchToken,
  onError: showError,
  onState: (state, reason) => {
    find("status").textContent = reason ? `${state}: ${reason}` : state;
  },
});
const stream = client.subscribe(streamId, {
  onViewers: (viewers) => {
    find("status").textContent = `online, ${viewers} watching`;
  },
  onEvent: ({ type, data }) => {
    if (type === "superlike.sent")
      find("status").textContent = `★ from ${data.senderSnapshot.username}`;
  },
  onEnd: (reason) => {
    find("status").textContent = `over: ${reason}`;
  },
});

function draw({ messages, pending }) {
  const rows = [
    ...messages.map(({ sender, content }) => `${sender.username}: ${content}`),
    ...pending.map(({ content, status }) => `${name}: ${content} (${status})`),
  ].map((text) => {
    const row = document.createElement("li");
    row.textContent = text; // Never use innerHTML: other users wrote it.
    return row;
  });
  find("messages").replaceChildren(...rows);
}
stream.history({ limit: 50, onChange: draw }).then(draw, showError);

find("form").addEventListener("submit", (event) => {
  event.preventDefault();
  find("error").textContent = "";
  const message = stream.send(find("text").value);
  message.sent.catch((error) => {
    showError(error);
    message.discard();
  });
  find("text").value = "";
});
find("superlike").addEventListener("click", () => {
  find("error").textContent = "";
  client.sendSuperlike(streamId).catch(showError);
});
