import { useSignal } from "@preact/signals";

/** Hosts under `example` are reserved (RFC 2606): their pictures are not requested. */
const isReal = (url: string) =>
  URL.canParse(url) && !/(^|\.)example(\.com)?$/.test(new URL(url).hostname);

/** Pages may load pictures by https and from their own origin. */
const mayShow = (url: string) =>
  isReal(url) && (url.startsWith("https://") || new URL(url).origin === location.origin);

/** The picture of a gift type, or a coin if it cannot be loaded. */
export function GiftPicture({ url, size }: { url: string; size: number }) {
  const broken = useSignal("");
  if (!mayShow(url) || broken.value === url) return <span class="coin" aria-hidden="true" />;
  return (
    <img
      src={url}
      alt=""
      width={size}
      height={size}
      loading="lazy"
      onError={() => {
        broken.value = url;
      }}
    />
  );
}
