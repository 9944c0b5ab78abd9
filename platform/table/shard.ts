/** A hex digit from a connection's id, so that a large room can be read in parallel ranges. */
export function shardOf(connectionId: string): string {
  let state = 0;
  for (const char of connectionId) state = Math.imul(state ^ char.charCodeAt(0), 0x01000193) >>> 0;
  return ((state >>> 16) & 0xf).toString(16);
}
