/** A number of whole seconds as video players show it: `1:05`, and from one hour on `2:01:05`. */
export function clockOf(seconds: number): string {
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60];
  if (seconds >= 3_600) parts.unshift(Math.floor(seconds / 3_600));
  return parts.map((part, at) => (at === 0 ? `${part}` : `${part}`.padStart(2, "0"))).join(":");
}

/**
 * Formats times in a page's language, with 12 or 24 hours as usual in `locale`: by default that of
 * the browser.
 */
export function timeFormat(
  language: string,
  options: Intl.DateTimeFormatOptions,
  locale?: string,
): Intl.DateTimeFormat {
  const { hourCycle } = new Intl.DateTimeFormat(locale, { hour: "numeric" }).resolvedOptions();
  return new Intl.DateTimeFormat(language, { ...options, ...(hourCycle && { hourCycle }) });
}
