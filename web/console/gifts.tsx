import { useEffect, useId, useMemo, useRef } from "preact/hooks";
import type { CallResult } from "../../client/index.ts";
import { changesOf, savedDraft, updaterOf } from "../draft.ts";
import { Switch } from "../host/chat-settings.tsx";
import { Field } from "../host/fields.tsx";
import { useDraft } from "../kept-drafts.ts";
import type { Keys } from "../new-key.ts";
import { type Action, perform } from "./actions.tsx";
import { call, request, requestFile } from "./api.ts";
import { problemOf } from "./fields.tsx";
import { Form } from "./form.tsx";
import { GiftPicture } from "./gift-picture.tsx";
import { allOf, useList } from "./list.ts";
import { Listing } from "./listing.tsx";
import { setFilters } from "./router.ts";
import type { Column } from "./table.tsx";
import { creditsOf, Detail, formatted } from "./ui.tsx";

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
      <span class={`status ${isActive ? "live" : ""}`}>{isActive ? "Active" : "Archived"}</span>
    ),
  },
];

/** All gift types, including those no longer sold. */
export function GiftCatalogue() {
  const list = useList(
    ({ id }: GiftType) => id,
    allOf("gifts", () => call("GET /api/v1/gifts/gift-types", { query: { inactive: true } })),
  );
  /** The number of the next new gift's editor, and the id of the gift that the last one created. */
  const editors = useRef({ next: 0, of: "" });
  const took = (type: GiftType) => {
    list.put(type);
    void list.refresh();
  };
  /** Keeps the same editor open, with what was typed meanwhile. */
  const created = (type: GiftType) => {
    editors.current = { next: editors.current.next + 1, of: type.id };
    list.change((rows) => [type, ...rows]);
    setFilters({ id: type.id }, true);
  };
  const editorOf = (id: string | undefined) => {
    const { next, of } = editors.current;
    if (id === undefined) return `new ${next}`;
    return id === of ? `new ${next - 1}` : id;
  };
  return (
    <Listing
      label="Gift types"
      list={list}
      columns={columns}
      nothing="No gift types yet"
      create="New gift type"
      detail={(type) => (
        <Editor key={editorOf(type?.id)} type={type} took={took} created={created} />
      )}
    />
  );
}

function actionOf(
  type: GiftType | undefined,
  draft: Draft,
  took: (type: GiftType) => void,
  keys?: Keys,
): Action | undefined {
  if (type === undefined)
    return {
      title: `Create ${draft.name || "a gift type"}`,
      verb: "Create gift",
      request: request("POST", "/api/v1/gifts/gift-types", draft, keys),
      done(made: GiftType) {
        took(made);
        return `${made.name} created at ${creditsOf(made.creditAmount)}.`;
      },
    };
  const changes = changesOf<Draft>(type, draft);
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
    undo: () => actionOf({ ...type, ...changes }, pick(type), took)!,
  };
}

const pick = ({ name, creditAmount, svgUrl, isActive }: Draft): Draft => ({
  name,
  creditAmount,
  svgUrl,
  isActive,
});

type EditorProps = {
  type: GiftType | undefined;
  took(type: GiftType): void;
  created(type: GiftType): void;
};

function Editor({ type, took, created }: EditorProps) {
  const isOpen = useRef(true);
  useEffect(
    () => () => {
      isOpen.current = false;
    },
    [],
  );
  const before = pick(type ?? blank);
  // A new gift's form stays after the gift is created.
  const formOf = useMemo(() => type?.id ?? "new", []);
  const draft = useDraft(`gift ${formOf}`, before);
  const price = useDraft(`price of gift ${formOf}`, `${before.creditAmount}`);
  const keys = useRef<Keys>(new Map());
  const alter = updaterOf(draft);
  const sent = draft.value;
  const store = (changed: GiftType) => {
    draft.value = savedDraft(sent, pick(changed), draft.peek());
    const { creditAmount } = draft.value;
    // Keeps a text of equal value: an emptied field is 0.
    if (Number(price.peek()) !== creditAmount) price.value = `${creditAmount}`;
    if (type === undefined && isOpen.current) created(changed);
    took(changed);
  };
  const action = actionOf(type, sent, store, keys.current);
  const { name, creditAmount, svgUrl, isActive } = draft.value;
  return (
    <Detail title={type?.name ?? "New gift type"} close={() => setFilters({ id: "" })}>
      <figure class="preview">
        <GiftPicture url={svgUrl} size={64} />
        <figcaption>
          <bdi>{name || "Name"}</bdi>
          <span class="price number">
            <span class="coin" aria-hidden="true" /> {formatted(creditAmount || 0)}
          </span>
        </figcaption>
      </figure>
      <Form
        name="Gift type"
        action={action}
        asks={type?.isActive === true && !isActive}
        isUnchanged={action === undefined}
      >
        <Field
          name="Name"
          field="name"
          value={name}
          problem={name.trim() === "" ? "Enter a name" : undefined}
          change={(value) => alter({ name: value })}
        />
        <Field
          name="Price in credits"
          type="number"
          field="creditAmount"
          value={price.value}
          problem={problemOf(price.value, 1)}
          change={(value) => {
            price.value = value;
            alter({ creditAmount: Number(value) });
          }}
        />
        <Field
          name="Picture"
          type="url"
          field="svgUrl"
          value={svgUrl}
          change={(value) => alter({ svgUrl: value })}
          says="An https URL, ideally a 64 × 64 SVG"
        />
        <Switch name="Active" isOn={isActive} change={(isOn) => alter({ isActive: isOn })} />
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

/** Uploads a picture; gifts sent earlier keep showing the old one. */
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
      // Undo sets the old URL, and the API accepts only https; a picture on this machine has none.
      ...(type.svgUrl.startsWith("https://") && {
        undo: () => actionOf({ ...type, svgUrl: "" }, pick(type), took)!,
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
        Upload picture…
      </label>
      <span class="quiet">PNG, JPEG, WebP or GIF, at most 3.5 MiB</span>
    </p>
  );
}
