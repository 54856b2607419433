// What a request lacks.
import trace from 'trace.js';

// Return the id of the trace that a request is part of, as a UUID; or a new one.
function newId(r) {
    const from = trace.given(r);
    return written(from ? from[1] : uuid7());
}

// Return a UUIDv7 (RFC 9562): unique anywhere, and sorted by the time it was made.
function uuid7() {
    const bytes = Buffer.alloc(16);
    crypto.getRandomValues(bytes);
    bytes.writeUIntBE(Date.now(), 0, 6);
    bytes[6] = 0x70 | (bytes[6] & 0x0f);
    bytes[8] = 0x80 | (bytes[8] & 0x3f);
    return bytes.toString('hex');
}

function written(digits) {
    const parts = [[0, 8], [8, 12], [12, 16], [16, 20], [20, 32]];
    return parts.map((at) => digits.slice(at[0], at[1])).join('-');
}

// Return the word for a page of nobody's if there is an Origin, but nothing in it. nginx would leave
// the header out, and who names no Origin is no browser.
function emptyOrigin(r) {
    return r.headersIn['Origin'] === undefined ? '' : 'null';
}

export default { newId, emptyOrigin };
