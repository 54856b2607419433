// Verifies access tokens (RFC 7519) as RFC 8725 asks: a token does not choose how it is judged.

const ISSUER = 'chat', AUDIENCE = 'chat';
const HEADER = {alg: 'ES256', typ: 'at+jwt'};
const CURVE = {name: 'ECDSA', namedCurve: 'P-256'};
const SIGNATURE = {name: 'ECDSA', hash: 'SHA-256'};
const LENGTH_MAX = 2048; // ours have some 600
const LIFE_MAX = 900, LEEWAY = 1; // s; a clock may be behind the one that has set `nbf`
const SHAPE = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}$/;
const ID = /^[A-Za-z0-9_-]{1,64}$/;

function parsed(part) {
    return JSON.parse(Buffer.from(part, 'base64url').toString());
}

function require(holds, why) {
    if (!holds) {
        throw new Error(why);
    }
}

function isId(value) {
    return typeof value === 'string' && ID.test(value);
}

/** Throws unless these are claims of ours, and good at this moment. */
function check(claims, now) {
    require(claims.iss === ISSUER, 'another issuer');
    require(claims.aud === AUDIENCE, 'another audience');
    require(isId(claims.sub) && isId(claims.sid), 'nobody');
    require(Array.isArray(claims.roles) && claims.roles.every(isId), 'no roles');
    require([claims.iat, claims.nbf, claims.exp].every(Number.isFinite), 'no times');
    require(claims.exp > now, 'expired');
    require(Math.max(claims.nbf, claims.iat) <= now + LEEWAY, 'not yet valid');
    require(claims.exp - claims.iat <= LIFE_MAX, 'a life too long'); // longer than its end is remembered
}

/**
 * Returns what a token says: {kid, sub, sid, roles, exp}. Throws an Error that says why not.
 * `keyOf` gives the JWK of a key's id, or undefined; `now` is in seconds.
 */
async function verify(token, keyOf, now) {
    require(token.length <= LENGTH_MAX && SHAPE.test(token), 'malformed');
    const parts = token.split('.'), header = parsed(parts[0]);
    require(header.alg === HEADER.alg, 'another algorithm');
    require(header.typ === HEADER.typ && header.crit === undefined, 'another kind of token');
    const jwk = isId(header.kid) && keyOf(header.kid);
    require(jwk, 'unknown key');
    const key = await crypto.subtle.importKey('jwk', jwk, CURVE, false, ['verify']);
    const signed = Buffer.from(parts[0] + '.' + parts[1]), signature = Buffer.from(parts[2], 'base64url');
    const genuine = await crypto.subtle.verify(SIGNATURE, key, signature, signed);
    require(genuine, 'another signature');
    const claims = parsed(parts[1]);
    check(claims, now);
    return {kid: header.kid, sub: claims.sub, sid: claims.sid, roles: claims.roles, exp: claims.exp};
}

export default {verify};
