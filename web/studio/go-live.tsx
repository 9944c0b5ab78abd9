import { useSignal } from "@preact/signals";
import { useEffect, useId, useRef } from "preact/hooks";
import { bindSignal, updaterOf } from "../draft.ts";
import { ErrorText, LoadingRows, useAction } from "../host/action.tsx";
import { type ChatSettings, ChatSettingsFields } from "../host/chat-settings.tsx";
import { Field } from "../host/fields.tsx";
import { Dialog } from "./dialog.tsx";
import { hostClient } from "./stream-state.ts";

/** Ends a stream that the streamer has given up, whether it went live meanwhile or not. */
async function giveUp(streamId: string | undefined): Promise<void> {
  const host = hostClient.value;
  if (streamId === undefined || host === undefined) return;
  const path = { streamId };
  await host
    .call("POST /api/v1/live-stream/{streamId}/cancel", { path })
    .catch(() => host.call("POST /api/v1/live-stream/{streamId}/end", { path }))
    // If both fail, the console still lists the stream.
    .catch(() => undefined);
}

type NewStream = {
  body: { title: string; thumbnail?: File };
  key: string;
  settings: Partial<ChatSettings>;
};

/**
 * Creates a stream, takes it live and opens it. If the dialog is closed before that, the stream is
 * cancelled or ended instead.
 */
function useNewStream() {
  const leaving = useRef(new AbortController());
  const made = useRef<string | undefined>(undefined);
  const leave = () => {
    leaving.current.abort();
    void giveUp(made.current);
  };
  useEffect(() => leave, []);
  return async ({ body, key, settings }: NewStream) => {
    const host = hostClient.value;
    if (host === undefined) return;
    const { signal } = leaving.current;
    const { id: streamId } = await host.call("POST /api/v1/live-stream/create", { body, key });
    if (signal.aborted) return giveUp(streamId);
    // After a failure, a retry with other input creates another stream.
    if (streamId !== made.current) void giveUp(made.current);
    made.current = streamId;
    if (Object.keys(settings).length > 0)
      await host.call("PATCH /api/v1/live-stream/{streamId}/chat-settings", {
        path: { streamId },
        body: settings,
        signal,
      });
    await host.call("POST /api/v1/live-stream/join-as-creator", {
      body: { liveStreamId: streamId },
      signal,
    });
    made.current = undefined;
    location.assign(`/?stream=${streamId}${location.hash}`);
  };
}

/** The form of a new stream: title, thumbnail and chat settings. */
export function GoLive({ close }: { close(): void }) {
  const title = useSignal("");
  const thumbnail = useSignal<File | undefined>(undefined);
  const usual = useSignal<ChatSettings | undefined>(undefined);
  const changed = useSignal<Partial<ChatSettings>>({});
  const { act, errorText, isBusy } = useAction();
  // Separate from `act`, for its own error.
  const reading = useAction();
  const id = useId();
  const readUsual = () => {
    reading.forget();
    void reading.act(async () => {
      usual.value = await hostClient.value?.call("GET /api/v1/channel");
    });
  };
  useEffect(readUsual, []);
  const begin = useNewStream();
  const goLive = () => {
    const file = thumbnail.value;
    const input = JSON.stringify([title.value, file?.name, file?.size, file?.lastModified]);
    return act(
      async (key) => {
        const named = title.value.trim();
        if (named === "") throw new Error("Enter a title");
        const body = { title: named, ...(file && { thumbnail: file }) };
        await begin({ body, key, settings: changed.value });
      },
      "",
      input,
    );
  };
  return (
    <Dialog title="New stream" kind="go-live" close={close}>
      <form
        class="go-live-form"
        aria-label="New stream"
        onSubmit={(event) => {
          event.preventDefault();
          void goLive();
        }}
      >
        <Field name="Title" {...bindSignal(title)} />
        <div class="field">
          <label for={id}>Thumbnail (optional)</label>
          <input
            id={id}
            type="file"
            accept="image/png,image/jpeg,image/webp,image/gif"
            onChange={({ currentTarget }) => {
              thumbnail.value = currentTarget.files?.[0];
            }}
          />
        </div>
        {usual.value ? (
          <ChatSettingsFields
            settings={{ ...usual.value, ...changed.value }}
            change={updaterOf(changed)}
          />
        ) : (
          reading.errorText === "" && <LoadingRows />
        )}
        <ErrorText text={reading.errorText} retry={readUsual} />
        <ErrorText text={errorText} />
        <button type="submit" class="button primary" aria-disabled={isBusy}>
          Go live
        </button>
      </form>
    </Dialog>
  );
}
