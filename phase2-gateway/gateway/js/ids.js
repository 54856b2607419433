// Identifiers of requests that come without one.

// Return a UUIDv7 (RFC 9562): unique anywhere, and sorted by the time it was made.
function make() {
    const bytes = Buffer.alloc(16);
    crypto.getRandomValues(bytes);
    bytes.writeUIntBE(Date.now(), 0, 6);
    bytes[6] = 0x70 | (bytes[6] & 0x0f);
    bytes[8] = 0x80 | (bytes[8] & 0x3f);
    const digits = bytes.toString('hex');
    return [[0, 8], [8, 12], [12, 16], [16, 20], [20, 32]].map((at) => digits.slice(at[0], at[1])).join('-');
}

export default { make };
