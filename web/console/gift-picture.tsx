import { useSignal } from "@preact/signals";

/** A host in `example` belongs to nobody (RFC 2606): its pictures are not asked for. */
const isReal = (url: string) =>
  URL.canParse(url) && !/(^|\.)example(\.com)?$/.test(new URL(url).hostname);

/** Pages may show pictures by https, and those of their own host. */
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
