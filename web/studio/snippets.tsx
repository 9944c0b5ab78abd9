import { useSignal } from "@preact/signals";
import { CopyButton } from "../copy-button.tsx";
import { bindSignal } from "../draft.ts";
import { Tabs } from "../tabs.tsx";
import { Dialog } from "./dialog.tsx";
import { Icon } from "./icons.ts";
import { streamId } from "./stream-state.ts";

/** The same few lines in several languages, filled in with this stream. */
function snippetsOf(url: string, id: string): Record<string, string> {
  const socket = url.replace("http", "ws");
  return {
    HTML: `<script type="module" src="${url}/embed/chat.js"></script>
<ovation-chat url="${url}" stream-id="${id}" token="TOKEN"></ovation-chat>`,
    TypeScript: `import { createClient } from "@ovation/client"; // npm run build:client

const client = createClient({
  url: "${url}",
  token: () => fetch("/my-token").then((answer) => answer.text()),
});
const stream = client.subscribe("${id}", {
  onEvent: ({ type, data }) => console.log(type, data),
  onViewers: (viewers) => console.log(viewers, "watching"),
});
const chat = await stream.history({ onChange: ({ messages }) => draw(messages) });
stream.send("Hello");`,
    curl: `TOKEN=$(curl -s -X POST '${url}/local/token' \\
  -H 'Content-Type: application/json' -d '{"sub":"ann","credits":500}' | cut -d'"' -f4)

curl -X POST '${url}/api/v1/live-stream/${id}/chat/messages' \\
  -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\
  -H 'Idempotency-Key: hello-1' -d '{"content":"Hello"}'`,
    Swift: `import Foundation

var request = URLRequest(url: URL(string: "${socket}/ws?streamId=${id}")!)
request.setValue("bearer, \\(token)", forHTTPHeaderField: "Sec-WebSocket-Protocol")
let socket = URLSession.shared.webSocketTask(with: request)
socket.resume()
while case .string(let text) = try await socket.receive() {
    print(text) // {"type":"events","frame":17,"events":[…]}
}`,
    Kotlin: `import okhttp3.*

val request = Request.Builder()
    .url("${socket}/ws?streamId=${id}")
    .header("Sec-WebSocket-Protocol", "bearer, $token")
    .build()
OkHttpClient().newWebSocket(request, object : WebSocketListener() {
    override fun onMessage(webSocket: WebSocket, text: String) {
        println(text) // {"type":"events","frame":17,"events":[…]}
    }
})`,
  };
}

/** A dialog with code to copy. */
export function Snippets({ close }: { close(): void }) {
  const all = snippetsOf(location.origin, streamId.value);
  const language = useSignal("TypeScript");
  const code = all[language.value]!;
  return (
    <Dialog title="Use in your app" kind="snippets" close={close}>
      <Tabs label="Languages" names={Object.keys(all)} {...bindSignal(language)} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: scroll areas need a keyboard stop. */}
      <pre tabIndex={0}>{code}</pre>
      <footer>
        <span class="quiet">Filled in with this stream.</span>
        <CopyButton key={language.value} text={code} class="button primary">
          <Icon name="copy" />
        </CopyButton>
      </footer>
    </Dialog>
  );
}
