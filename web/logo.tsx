/** The logo: a ring that opens to a clap, in the gradient. */
export function Logo() {
  return (
    <svg class="logo" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
      <defs>
        <linearGradient id="logo-gradient" x1="0" y1="0" x2="1" y2="1">
          <stop offset="0" stop-color="#ff5c7a" />
          <stop offset="1" stop-color="#7c5cff" />
        </linearGradient>
      </defs>
      <path
        d="M26.5 11A12 12 0 1 0 28 16"
        fill="none"
        stroke="url(#logo-gradient)"
        stroke-width="5"
        stroke-linecap="round"
      />
      <circle cx="27" cy="5" r="2.500" fill="#ff5c7a" />
      <circle cx="16" cy="16" r="4" fill="url(#logo-gradient)" />
    </svg>
  );
}
