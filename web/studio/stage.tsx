import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { play } from "../chat/gift-picture.ts";
import { momentCredits } from "../chat/tier.ts";
import { clockOf } from "../clock.ts";
import { ConfirmButton, ErrorText, useAction } from "../host/action.tsx";
import { serverNow } from "../server-time.ts";
import { animateStage } from "./canvas.ts";
import { Count, Figure } from "./figure.tsx";
import { GoLive } from "./go-live.tsx";
import { Icon } from "./icons.ts";
import { Sidebar } from "./sidebar.tsx";
import {
  credits,
  endStream,
  flyingGift,
  isDown,
  isLive,
  isOver,
  likes,
  outage,
  stream,
  summary,
  viewers,
} from "./stream-state.ts";

const flightMilliseconds = 1_600;
const flightsMax = 12;

type Flying = { key: string; url: string; at: number; isLarge: boolean; says: string };

/** The stage: the drawing, the stream's metrics, and gifts. */
export function Stage() {
  const canvas = useRef<HTMLCanvasElement>(null);
  const show = useRef<ReturnType<typeof animateStage> | undefined>(undefined);
  const flying = useSignal<Flying[]>([]);
  /** Large gifts: the one in the middle, and those that wait for it. */
  const large = useRef<Flying[]>([]);
  const isStarting = useSignal(false);
  useEffect(() => {
    const drawn = animateStage(canvas.current!);
    show.current = drawn;
    return drawn.stop;
  }, []);
  useEffect(
    () =>
      flyingGift.subscribe((gift) => {
        // In a hidden page timers are slow: large gifts would wait for minutes, and then be shown.
        if (gift === undefined || document.hidden) return;
        const { id, url, name, sender, credits } = gift;
        const isLarge = credits >= momentCredits;
        const one = {
          key: id,
          url,
          at: 8 + Math.random() * 84,
          isLarge,
          says: `${sender}: ${name}`,
        };
        if (!isLarge) fly(one);
        else if (large.current.length < flightsMax && large.current.push(one) === 1) fly(one);
      }),
    [],
  );
  const fly = (one: Flying) => {
    flying.value = [...flying.peek(), one].slice(-flightsMax);
    show.current?.lift(one.isLarge ? 0.9 : 0.12);
    setTimeout(() => {
      flying.value = flying.peek().filter(({ key }) => key !== one.key);
      if (one.isLarge) large.current.shift();
      const [next] = large.current;
      if (one.isLarge && next !== undefined) fly(next);
    }, flightMilliseconds);
  };
  return (
    <section class="stage" aria-label="Stage">
      <div class="picture">
        <canvas ref={canvas} />
        {isLive.value && (
          <div class="over top">
            <span class="live">Live</span>
            <Clock />
            <span class="chip number">
              <Icon name="eye" /> <Count value={viewers.value} />
            </span>
          </div>
        )}
        <div class="flights" aria-hidden="true">
          {flying.value.map(({ key, url, at, isLarge, says }) => (
            <span
              key={key}
              class={isLarge ? "flight large" : "flight"}
              style={{ "--at": `${at}%`, "--drift": `${(at * 7) % 40}px` }}
            >
              <Picture url={url} time={key} />
              {isLarge && <b>{says}</b>}
            </span>
          ))}
        </div>
        {isOver.value && <Summary />}
        {isDown.value && <Outage began={outage.value!.began} />}
      </div>
      <div class="caption">
        <div class="what">
          <h1>
            {stream.value ? (
              <bdi>{stream.value.title}</bdi>
            ) : (
              <i class="count-wait wide" role="status" aria-label="Loading" />
            )}
          </h1>
          <p class="quiet">The video is simulated. Everything else is real.</p>
        </div>
        <span class="chip number" title="Likes">
          <Icon name="like" /> <Count value={likes.value} />
        </span>
        <span class="chip number" title="Credits received in this stream">
          <span class="coin" aria-hidden="true" /> <Count value={credits.value} />
        </span>
        {isLive.value && <EndButton />}
        {isOver.value && (
          <button
            type="button"
            class="button primary"
            aria-haspopup="dialog"
            onClick={() => {
              isStarting.value = true;
            }}
          >
            New stream
          </button>
        )}
      </div>
      {isStarting.value && (
        <GoLive
          close={() => {
            isStarting.value = false;
          }}
        />
      )}
      <Sidebar />
    </section>
  );
}

/**
 * Ends the stream on the second press. If that fails, the stream stays live, and the button says
 * why.
 */
function EndButton() {
  const { act, errorText } = useAction();
  return (
    <>
      <ErrorText text={errorText} />
      <ConfirmButton verb="End stream" act={() => void act(endStream)} />
    </>
  );
}

/** The picture of a gift in flight, which moves once. */
function Picture({ url, time }: { url: string; time: string }) {
  const image = useRef<HTMLImageElement>(null);
  useEffect(() => {
    if (image.current !== null) play(image.current, url, time);
  }, []);
  return <img ref={image} src={url} alt="" />;
}

function Clock() {
  const seconds = useSignal(0);
  useEffect(() => {
    const tick = () => {
      const began = stream.value?.startedAt;
      if (!began) return;
      seconds.value = Math.max(0, Math.floor((serverNow() - Date.parse(began)) / 1000));
    };
    const timer = setInterval(tick, 1000);
    tick();
    return () => clearInterval(timer);
  }, [stream.value]);
  return <span class="chip number">{clockOf(seconds.value)}</span>;
}

function Outage({ began }: { began: number }) {
  const seconds = useSignal(0);
  useEffect(() => {
    const timer = setInterval(() => {
      seconds.value = (performance.now() - began) / 1000;
    }, 100);
    return () => clearInterval(timer);
  }, [began]);
  return (
    <div class="outage">
      <Icon name="kill" size={20} />
      <b role="status">The server was killed.</b>
      <span class="number">Restarting… {seconds.value.toFixed(1)} s</span>
    </div>
  );
}

/** The totals of an ended stream. */
function Summary() {
  const found = summary.value;
  return (
    <section class="summary" aria-label="Stream summary">
      <h2>Stream ended</h2>
      <dl class="figures">
        <Figure name="Messages" value={found?.messages} />
        <Figure name="Peak viewers" value={found?.peak} />
        <Figure name="Total viewers" value={found?.viewers} />
        <Figure name="Gifts" value={found?.gifts} />
        <Figure name="Credits" value={found?.credits} />
      </dl>
    </section>
  );
}
