/** The console for admins and moderators. Each action is an API call that the console shows. */
import { signal } from "@preact/signals";
import { render } from "preact";
import { useEffect } from "preact/hooks";
import { keepFocus } from "../keep-focus.ts";
import { Logo } from "../logo.tsx";
import { ignoreRepeatedPresses } from "../repeated-presses.ts";
import { Question, Toasts } from "./actions.tsx";
import { AuditView } from "./audit.tsx";
import { Bans } from "./bans.tsx";
import { CallsPanel } from "./calls-panel.tsx";
import { ChannelView, MomentsView } from "./channel-view.tsx";
import { GiftCatalogue } from "./gifts.tsx";
import { Home } from "./home.tsx";
import { Icon } from "./icons.ts";
import { DiscardQuestion, leaveForm } from "./leave-form.tsx";
import { ModerationLog } from "./log.tsx";
import { Messages } from "./messages.tsx";
import { OfflineStrip } from "./offline-strip.tsx";
import { ParkedRecords } from "./parked.tsx";
import { Refunds } from "./refunds.tsx";
import { hrefOf, ownViews, restarts, type ViewName, view } from "./router.ts";
import { beginSession, endSession, isAdmin, ownId, session } from "./session.ts";
import { SignIn } from "./sign-in.tsx";
import { Streams } from "./streams.tsx";
import { Link } from "./ui.tsx";
import { Users } from "./users.tsx";
import { Viewers } from "./viewers.tsx";
import { Webhooks } from "./webhooks.tsx";

const contents: Record<ViewName, () => preact.JSX.Element | null> = {
  home: Home,
  streams: Streams,
  chat: Messages,
  viewers: Viewers,
  users: Users,
  bans: Bans,
  log: ModerationLog,
  moments: MomentsView,
  channel: ChannelView,
  gifts: GiftCatalogue,
  refunds: Refunds,
  parked: ParkedRecords,
  webhooks: Webhooks,
  machine: AuditView,
};

const isKnown = signal(false);

function Console() {
  if (!isKnown.value) return null;
  if (session.value === undefined) return <SignIn />;
  return <Shell />;
}

function Shell() {
  const { name, title } = view.value;
  const Content = contents[name];
  useEffect(() => {
    document.title = `${title} · Ovation Console`;
  }, [title]);
  return (
    <div class="console">
      <Navigation />
      <main>
        <OfflineStrip />
        <header class="page-head">
          <h1>{title}</h1>
        </header>
        <Content key={`${name} ${restarts.value}`} />
      </main>
      <CallsPanel />
      <Question />
      <DiscardQuestion />
      <Toasts />
    </div>
  );
}

function Navigation() {
  const { claims } = session.value!;
  const name = String(claims.given_name ?? claims.preferred_username ?? ownId.value);
  return (
    <nav class="navigation" aria-label="Views">
      <span class="brand">
        <Logo />
        <span class="wordmark">
          Ovation <span class="quiet">Console</span>
        </span>
      </span>
      <ul>
        {ownViews.value.map((one) => (
          <li key={one.name}>
            <Link
              href={hrefOf(one.name)}
              class="nav-item"
              title={one.title}
              isHere={one.name === view.value.name}
            >
              <Icon name={one.name} size={20} />
              <span class="nav-title">{one.title}</span>
            </Link>
          </li>
        ))}
      </ul>
      <div class="who">
        <span class="who-name">
          <bdi>{name}</bdi>
          {isAdmin.value && <span class="quiet">Admin</span>}
        </span>
        <button
          type="button"
          class="tool"
          aria-label="Sign out"
          title="Sign out"
          onClick={() => leaveForm(() => endSession())}
        >
          <Icon name="out" size={20} />
        </button>
      </div>
    </nav>
  );
}

keepFocus(document);
ignoreRepeatedPresses();
render(<Console />, document.getElementById("console")!);
await beginSession();
isKnown.value = true;
