import { computed, signal } from "@preact/signals";
import { isAdmin, isLocal } from "./session.ts";

/** The views of the console, in the order of the navigation. */
const views = [
  { name: "home", title: "Home", for: "all" },
  { name: "streams", title: "Streams", for: "all" },
  { name: "chat", title: "Chat", for: "all" },
  { name: "viewers", title: "Viewers", for: "all" },
  { name: "users", title: "Users", for: "all" },
  { name: "bans", title: "Bans", for: "all" },
  { name: "log", title: "Moderation log", for: "all" },
  { name: "moments", title: "Polls and goals", for: "all" },
  { name: "channel", title: "Channel", for: "all" },
  { name: "gifts", title: "Gift types", for: "admin" },
  { name: "refunds", title: "Refunds", for: "admin" },
  { name: "parked", title: "Parked records", for: "admin" },
  { name: "webhooks", title: "Webhooks", for: "admin" },
  { name: "machine", title: "This machine", for: "runner" },
] as const;
export type ViewName = (typeof views)[number]["name"];

const read = () => Object.fromEntries(new URLSearchParams(location.search));

/** The URL's query: the view and its filters. */
const query = signal<Record<string, string>>(read());
addEventListener("popstate", () => {
  query.value = read();
});

/** The views the signed-in user may open. */
export const ownViews = computed(() =>
  views.filter(
    (view) =>
      view.for === "all" ||
      (isAdmin.value && (view.for === "admin" || (view.for === "runner" && isLocal.value))),
  ),
);

/** The current view; the user's first view if the URL names one they may not open. */
export const view = computed(
  () => ownViews.value.find(({ name }) => name === query.value.view) ?? ownViews.value[0]!,
);

/** A filter of the URL; "" if it is not set. */
export const filter = (name: string) => query.value[name] ?? "";

/** The URL with some filters changed; empty ones are removed. */
function addressOf(changes: Record<string, string>): string {
  const all = Object.entries({ ...query.value, ...changes }).filter(([, value]) => value !== "");
  return `/console?${new URLSearchParams(all)}`;
}

/** Changes filters; with `replaces`, without a new history entry. */
export function setFilters(changes: Record<string, string>, replaces = false): void {
  const address = addressOf(changes);
  if (replaces) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  query.value = read();
}

/** The URL of a view with these filters only. */
export const hrefOf = (name: ViewName, filters: Record<string, string> = {}) =>
  `/console?${new URLSearchParams({ view: name, ...filters })}`;

/** How often the open view was opened again, which starts it over. */
export const restarts = signal(0);

/** Navigates within the console without reloading the page. */
export function go(href: string, isHere = false): void {
  if (isHere) restarts.value++;
  history.pushState(null, "", href);
  query.value = read();
}
