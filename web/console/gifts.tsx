import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import type { CallResult } from "../../client/index.ts";
import { type Action, ask, CallBox, perform } from "./actions.tsx";
import { call, newKey, request, requestFile } from "./api.ts";
import { Field, Form, Switch } from "./fields.tsx";
import { GiftPicture } from "./gift-picture.tsx";
import { useLoad } from "./load.ts";
import { filter, set } from "./router.ts";
import { type Column, Detail, formatted, Nothing, Refusal, Skeleton, Table } from "./ui.tsx";

type GiftType = CallResult<"GET /api/v1/gifts/gift-types">[number];
type Draft = Pick<GiftType, "name" | "creditAmount" | "svgUrl" | "isActive">;

const blank: Draft = { name: "", creditAmount: 10, svgUrl: "", isActive: true };

const columns: Column<GiftType>[] = [
  {
    title: "Gift",
    cell: ({ svgUrl, name }) => (
      <span class="gift-cell">
        <GiftPicture url={svgUrl} size={32} />
        <bdi>{name}</bdi>
      </span>
    ),
  },
  { title: "Price", isNumber: true, cell: ({ creditAmount }) => formatted(creditAmount) },
  {
    title: "Tencent's GiftId",
    isWide: true,
    cell: ({ giftId }) => <code class="cut">{giftId}</code>,
  },
  {
    title: "Status",
    cell: ({ isActive }) => (
      <span class={`status ${isActive ? "live" : ""}`}>{isActive ? "active" : "archived"}</span>
    ),
  },
];

/** Everything that can be given, and what cannot be given any more. */
export function GiftCatalogue() {
  const { value, refused, reload, change } = useLoad("gifts", () =>
    call("GET /api/v1/gifts/gift-types", { query: { inactive: true } }),
  );
  if (refused) return <Refusal refused={refused} retry={reload} />;
  if (value === undefined) return <Skeleton />;
  const id = filter("id");
  const chosen = value.find((type) => type.id === id);
  const took = (type: GiftType) => {
    change((all) =>
      [...all.filter((one) => one.id !== type.id), type].sort(
        (a, b) => a.creditAmount - b.creditAmount || (a.id < b.id ? -1 : 1),
      ),
    );
    set({ id: type.id }, true);
  };
  return (
    <>
      <div class="filters">
        <button type="button" class="button primary" onClick={() => set({ id: "new" })}>
          New gift
        </button>
      </div>
      <div class={`split ${chosen || id === "new" ? "has-detail" : ""}`}>
        {value.length === 0 ? (
          <Nothing says="No gifts yet" />
        ) : (
          <Table
            label="Gift types"
            columns={columns}
            rows={value}
            idOf={(type) => type.id}
            selected={id}
            open={(type) => set({ id: type.id })}
          />
        )}
        {(chosen || id === "new") && <Editor key={id} type={chosen} took={took} />}
      </div>
    </>
  );
}

/** Only what was changed is sent. */
const changesOf = (type: Draft, draft: Draft) =>
  Object.fromEntries(
    Object.entries(draft).filter(([name, value]) => type[name as keyof Draft] !== value),
  ) as Partial<Draft>;

function actionOf(
  type: GiftType | undefined,
  draft: Draft,
  key: string,
  took: (type: GiftType) => void,
): Action | undefined {
  if (type === undefined)
    return {
      title: `Create ${draft.name || "a gift"}`,
      verb: "Create gift",
      request: request("POST", "/api/v1/gifts/gift-types", draft, key),
      done(made: GiftType) {
        took(made);
        return `${made.name} created at ${formatted(made.creditAmount)} credits.`;
      },
    };
  const changes = changesOf(type, draft);
  if (Object.keys(changes).length === 0) return undefined;
  return {
    title: changes.isActive === false ? `Archive ${type.name}` : `Update ${type.name}`,
    warns: "Viewers can no longer send it. Sent gifts do not change.",
    verb: changes.isActive === false ? "Archive" : "Save",
    request: request("PATCH", `/api/v1/gifts/gift-types/${type.id}`, changes),
    done(changed: GiftType) {
      took(changed);
      return `${changed.name} updated for new gifts.`;
    },
    undo: () => actionOf({ ...type, ...changes }, pick(type), "", took)!,
  };
}

const pick = ({ name, creditAmount, svgUrl, isActive }: Draft): Draft => ({
  ...{ name, creditAmount, svgUrl, isActive },
});

function Editor({ type, took }: { type: GiftType | undefined; took(type: GiftType): void }) {
  const draft = useSignal<Draft>(pick(type ?? blank));
  const key = useSignal(newKey());
  const alter = (change: Partial<Draft>) => {
    draft.value = { ...draft.value, ...change };
  };
  const action = actionOf(type, draft.value, key.value, (changed) => {
    draft.value = pick(changed);
    took(changed);
  });
  const submit = () => {
    if (action === undefined) return;
    if (type?.isActive && !draft.value.isActive) ask(action);
    else void perform(action);
  };
  const { name, creditAmount, svgUrl, isActive } = draft.value;
  return (
    <Detail title={type?.name ?? "New gift"} close={() => set({ id: "" })}>
      <figure class="preview">
        <GiftPicture url={svgUrl} size={64} />
        <figcaption>
          <bdi>{name || "Name"}</bdi>
          <span class="price number">
            <span class="coin" aria-hidden="true" /> {formatted(creditAmount || 0)}
          </span>
        </figcaption>
      </figure>
      <Form name="Gift type" submit={submit}>
        <Field name="Name" value={name} change={(value) => alter({ name: value })} />
        <Field
          name="Price in credits"
          type="number"
          value={`${creditAmount || ""}`}
          change={(value) => alter({ creditAmount: Number(value) })}
        />
        <Field
          name="Picture"
          type="url"
          value={svgUrl}
          change={(value) => alter({ svgUrl: value })}
          says="An https URL, ideally a 64 × 64 SVG"
        />
        <Switch name="Active" isOn={isActive} change={(isOn) => alter({ isActive: isOn })} />
        {action && <CallBox request={action.request} />}
        <button type="submit" class="button primary" disabled={action === undefined}>
          {action?.verb ?? "Save"}
        </button>
      </Form>
      {type && (
        <PictureFile
          type={type}
          took={(changed) => {
            draft.value = { ...draft.value, svgUrl: changed.svgUrl };
            took(changed);
          }}
        />
      )}
    </Detail>
  );
}

/** Sends a picture from a file; gifts that were given go on showing the one that was there. */
function PictureFile({ type, took }: { type: GiftType; took(type: GiftType): void }) {
  const id = useId();
  const send = (file: File) =>
    perform({
      title: `Upload ${file.name} as the picture of ${type.name}`,
      verb: "Upload picture",
      request: requestFile(`/api/v1/gifts/gift-types/${type.id}/image`, "image", file),
      done(changed: GiftType) {
        took(changed);
        return `${changed.name} has a new picture.`;
      },
      // The API takes an address back by https alone; that of a file of this machine is none.
      ...(type.svgUrl.startsWith("https://") && {
        undo: () => actionOf({ ...type, svgUrl: "" }, pick(type), "", took)!,
      }),
    });
  return (
    <p class="file">
      <input
        id={id}
        type="file"
        class="hidden"
        accept="image/png,image/jpeg,image/webp,image/gif"
        onChange={({ currentTarget }) => {
          const [file] = currentTarget.files ?? [];
          if (file !== undefined) void send(file);
          currentTarget.value = "";
        }}
      />
      <label for={id} class="button outlined">
        Send a picture …
      </label>
      <span class="quiet">PNG, JPEG, WebP or GIF, at most 3.5 MiB</span>
    </p>
  );
}
