import { useSignal } from "@preact/signals";
import { useEffect, useId, useRef } from "preact/hooks";
import { alterOf } from "../draft.ts";
import { ErrorText, useAct, Waiting } from "../host/act.tsx";
import { type ChatSettings, ChatSettingsFields } from "../host/chat-settings.tsx";
import { boundTo, Field } from "../host/fields.tsx";
import { Dialog } from "./dialog.tsx";
import { asHost } from "./show.ts";

/** The form of a new stream: title, thumbnail and chat settings. */
export function GoLive({ close }: { close(): void }) {
  const title = useSignal("");
  const thumbnail = useSignal<File | undefined>(undefined);
  const usual = useSignal<ChatSettings | undefined>(undefined);
  const changed = useSignal<Partial<ChatSettings>>({});
  const { act, errorText, isBusy } = useAct();
  // Separate from `act`, for its own error.
  const reading = useAct();
  const id = useId();
  const readUsual = () => {
    reading.forget();
    void reading.act(async () => {
      usual.value = await asHost()?.call("GET /api/v1/channel");
    });
  };
  useEffect(readUsual, []);
  const leaving = useRef(new AbortController());
  useEffect(() => () => leaving.current.abort(), []);
  const goLive = () => {
    const file = thumbnail.value;
    const input = JSON.stringify([title.value, file?.name, file?.size, file?.lastModified]);
    return act(
      async (key) => {
        const host = asHost();
        if (host === undefined) return;
        // Closing the dialog ends its calls, so that the page does not leave for the stream.
        const { signal } = leaving.current;
        if (title.value.trim() === "") throw new Error("Enter a title");
        const body = {
          title: title.value.trim(),
          ...(file && { thumbnail: file }),
        };
        const create = { body, key, signal };
        const { id: streamId } = await host.call("POST /api/v1/live-stream/create", create);
        if (Object.keys(changed.value).length > 0)
          await host.call("PATCH /api/v1/live-stream/{streamId}/chat-settings", {
            path: { streamId },
            body: changed.value,
            signal,
          });
        await host.call("POST /api/v1/live-stream/join-as-creator", {
          body: { liveStreamId: streamId },
          signal,
        });
        location.assign(`/?stream=${streamId}${location.hash}`);
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
        <Field name="Title" {...boundTo(title)} />
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
            change={alterOf(changed)}
          />
        ) : (
          reading.errorText === "" && <Waiting />
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
