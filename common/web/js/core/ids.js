/** Ids made here. */

let last = 0;

/**
 * A UUIDv7 (RFC 9562): 48 bits of milliseconds, then random bits. Ids made in one tab sort in the
 * order they were made, which is what keeps the outbox in order.
 */
export function newId() {
  last = Math.max(Date.now(), last + 1);
  const bytes = crypto.getRandomValues(new Uint8Array(10));
  bytes[0] = (bytes[0] & 0x0f) | 0x70;
  bytes[2] = (bytes[2] & 0x3f) | 0x80;
  const time = last.toString(16).padStart(12, '0');
  const hex = time + [...bytes].map((b) => b.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
