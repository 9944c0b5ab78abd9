import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

/** How far ahead of the viewport a section is rendered, in pixels. */
const aheadPixels = 1_200;

/** `isNow`: the page is short enough to render all sections at once. */
type Props = { id: string; name: string; isNow: boolean; children: ComponentChildren };

/** A section that shows only its heading until the reader comes near. */
export function LazySection({ id, name, isNow, children }: Props) {
  const place = useRef<HTMLElement>(null);
  const isNear = useSignal(isNow);
  useEffect(() => {
    if (place.current === null) return;
    const observer = new IntersectionObserver(
      (seen) => {
        if (seen.some(({ isIntersecting }) => isIntersecting)) isNear.value = true;
      },
      { rootMargin: `${aheadPixels}px` },
    );
    observer.observe(place.current);
    return () => observer.disconnect();
  }, [isNear]);
  if (isNear.value) return <>{children}</>;
  return (
    <section id={id} ref={place} class="operation later">
      <h3>
        <a href={`#${id}`}>{name}</a>
      </h3>
    </section>
  );
}
