/** A component that draws the icons of a page. Icons are decorative, next to a text label. */
export function iconOf<Name extends string>(insides: Record<Name, string>) {
  return function Icon({ name, size = 16 }: { name: Name; size?: 16 | 20 }) {
    return (
      <svg
        class="icon"
        viewBox="0 0 24 24"
        width={size}
        height={size}
        fill="none"
        stroke="currentColor"
        stroke-width="1.75"
        stroke-linecap="round"
        stroke-linejoin="round"
        aria-hidden="true"
        dangerouslySetInnerHTML={{ __html: insides[name] }}
      />
    );
  };
}
