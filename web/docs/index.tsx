/** The API reference: operations of the HTTP API to read and try, and the WebSocket messages. */
import { signal } from "@preact/signals";
import { render } from "preact";
import { keepFocus } from "../keep-focus.ts";
import { Logo } from "../logo.tsx";
import { ignoreHeldKey } from "../repeated-presses.ts";
import { Caller } from "./caller.tsx";
import { byTag, finds, type Reference, referenceOf } from "./document.ts";
import { type AsyncApi, EventPart, partsOf } from "./events.tsx";
import { Icon } from "./icons.ts";
import { LazySection } from "./lazy-section.tsx";
import { OperationPart } from "./operation.tsx";
import { Prose } from "./prose.tsx";
import { base, isEvents, loadDemoUsers, otherStages } from "./router.ts";

/** An entry of the list and its section in the middle. */
type Entry = { id: string; name: string; method?: string; part: preact.JSX.Element };
type Shown = { says: string; groups: [string, Entry[]][]; count: number };

/** For this many frames after navigation, sections that render may move the anchor. */
const anchorFrames = 20;

const search = signal("");
const found = signal<{ http?: Reference; socket?: AsyncApi; errorText?: string }>({});

function shownOf(): Shown | undefined {
  const { http, socket } = found.value;
  if (http !== undefined) {
    const operations = http.operations.filter(({ words }) => finds(search.value, words));
    const groups = byTag(operations).map(([tag, members]): [string, Entry[]] => [
      tag,
      members.map((operation) => ({
        id: operation.operationId,
        name: operation.summary,
        method: operation.method,
        part: <OperationPart operation={operation} schemas={http.schemas} />,
      })),
    ]);
    return { says: http.says, groups, count: operations.length };
  }
  if (socket === undefined) return undefined;
  const { schemas } = socket.components;
  const parts = partsOf(socket).filter(({ name, says }) => finds(search.value, `${name} ${says}`));
  const groups = [...Map.groupBy(parts, ({ group }) => group)].map(
    ([group, members]): [string, Entry[]] => [
      group,
      members.map((part) => ({
        id: part.id,
        name: part.name,
        part: <EventPart part={part} schemas={schemas} />,
      })),
    ],
  );
  return { says: socket.info.description, groups, count: parts.length };
}

function Docs() {
  const shown = shownOf();
  const { errorText } = found.value;
  return (
    <div class="docs">
      <Head />
      {shown && <Contents shown={shown} />}
      <main>
        {errorText && <p class="bad">Could not load the API description: {errorText}</p>}
        {shown && search.value === "" && (
          <div class="begin">
            <h1>{isEvents ? "WebSocket" : "Reference"}</h1>
            <Prose text={shown.says} />
          </div>
        )}
        {shown?.count === 0 && <p class="none">No results. Try fewer words.</p>}
        {shown?.groups.map(([group, entries]) => (
          <div key={group} class="group">
            <h2>{group}</h2>
            {entries.map(({ id, name, part }) => (
              <LazySection key={id} id={id} name={name} isNow={isEvents}>
                {part}
              </LazySection>
            ))}
          </div>
        ))}
      </main>
    </div>
  );
}

function Head() {
  const page = (path: string, name: string, isHere: boolean) => (
    <a class="button" href={`${base}${path}`} {...(isHere && { "aria-current": "page" })}>
      {name}
    </a>
  );
  return (
    <header class="head">
      <Logo />
      <span class="wordmark">
        Ovation <span class="quiet">Docs</span>
      </span>
      <nav aria-label="Pages">
        {page("/docs", "HTTP", !isEvents)}
        {page("/docs/events", "Events", isEvents)}
        {page("/docs/guides", "Guides", false)}
      </nav>
      <span class="gap" />
      {otherStages.length > 0 && (
        <nav aria-label="Other stages">
          {otherStages.map(({ name, url }) => (
            <a class="button" key={name} href={isEvents ? `${url}/events` : url}>
              {name} <Icon name="away" />
            </a>
          ))}
        </nav>
      )}
      {!isEvents && <Caller />}
      <a class="button raw" href={`${base}/${isEvents ? "asyncapi" : "openapi"}.json`}>
        <Icon name="code" /> {isEvents ? "asyncapi.json" : "openapi.json"}
      </a>
    </header>
  );
}

function Contents({ shown }: { shown: Shown }) {
  return (
    <aside class="contents">
      <label class="search">
        <span class="hidden">Search</span>
        <input
          type="search"
          placeholder={isEvents ? "Search events" : "Search operations"}
          value={search.value}
          onInput={({ currentTarget }) => {
            search.value = currentTarget.value;
          }}
          onKeyDown={({ key }) => key === "Enter" && goToFirst(shown)}
        />
      </label>
      <nav aria-label={isEvents ? "Events" : "Operations"}>
        {shown.groups.map(([group, entries]) => (
          <details key={group} open={search.value !== "" || isEvents || undefined}>
            <summary>
              {group} <span class="quiet number">{entries.length}</span>
            </summary>
            <ul>
              {entries.map(({ id, name, method }) => (
                <li key={id}>
                  <a href={`#${id}`}>
                    {method && <span class={`method ${method.toLowerCase()}`}>{method}</span>}
                    <span>{name}</span>
                  </a>
                </li>
              ))}
            </ul>
          </details>
        ))}
      </nav>
    </aside>
  );
}

/** Goes to the first result, and takes the focus there. */
function goToFirst({ groups: [first] }: Shown): void {
  const id = first?.[1][0]?.id;
  if (id === undefined || search.value === "") return;
  location.hash = id;
  document.getElementById(id)?.querySelector<HTMLElement>("h3 a")?.focus();
}

async function read<Document>(path: string): Promise<Document> {
  const answer = await fetch(`${base}${path}`);
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
  return (await answer.json()) as Document;
}

async function begin(): Promise<void> {
  render(<Docs />, document.getElementById("docs")!);
  try {
    const [document] = await Promise.all([
      isEvents
        ? read<AsyncApi>("/asyncapi.json").then((socket) => ({ socket }))
        : read<Parameters<typeof referenceOf>[0]>("/openapi.json").then((given) => ({
            http: referenceOf(given),
          })),
      loadDemoUsers(),
    ]);
    found.value = document;
  } catch (error) {
    found.value = { errorText: (error as Error).message };
  }
  // The element named in the URL did not exist when the page loaded.
  requestAnimationFrame(goToAnchor);
  addEventListener("hashchange", goToAnchor);
}

/** Whether the reader has scrolled, or begun something else, since the last navigation. */
let hasMoved = false;
for (const name of ["wheel", "touchmove", "pointerdown", "keydown"])
  addEventListener(name, () => (hasMoved = true), { passive: true });

/** Keeps the anchor in place while sections around it render, until the reader moves on. */
function goToAnchor(): void {
  const { hash } = location;
  let frames = anchorFrames;
  hasMoved = false;
  const go = () => {
    if (hash !== location.hash || hash === "" || hasMoved) return;
    document.getElementById(hash.slice(1))?.scrollIntoView();
    if (--frames > 0) requestAnimationFrame(go);
  };
  go();
}

if (isEvents) document.title = "Ovation: event reference";
keepFocus(document);
// A held Enter key would send the call again after each response.
document.addEventListener("keydown", ignoreHeldKey);
void begin();
