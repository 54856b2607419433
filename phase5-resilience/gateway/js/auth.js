// Decides who sends a request, and whether they may: by the token and policy.conf, asking nobody.
import fs from 'fs';
import hash from 'crypto';
import jwt from 'jwt.js';
import problems from 'problems.js';

const BEARER = /^bearer +([^ ]+) *$/i;
const REFUSALS = {
    unauthenticated: [401, 'Send an access token that is good: `Authorization: Bearer …`.'],
    forbidden: [403, 'This is not for you.'],
    'not-ready': [503, 'Whether this login has ended cannot be told at the moment.'],
};

function keyOf(kid) {
    const jwk = ngx.shared.keys.get(kid);
    return jwk && JSON.parse(jwk);
}

/** What the services behind are told, and can check: nobody else has the secret. */
function identity(who) {
    const claims = {sub: who.sub, sid: who.sid, roles: who.roles, exp: who.exp};
    const said = 'v1.' + Buffer.from(JSON.stringify(claims)).toString('base64url');
    const secret = fs.readFileSync(process.env.CHAT_IDENTITY_SECRET_FILE);
    return said + '.' + hash.createHmac('sha256', secret).update(said).digest('base64url');
}

/** Verifies a token once; whatever is done with it until it expires costs no signature. */
async function read(token, now) {
    const known = ngx.shared.tokens.get(token);
    if (known) {
        return JSON.parse(known);
    }
    const who = await jwt.verify(token, keyOf, now);
    who.identity = identity(who);
    ngx.shared.tokens.set(token, JSON.stringify(who), Math.ceil((who.exp - now) * 1000));
    return who;
}

/**
 * Returns {who}, null for somebody unknown, or {refusal}, a problem's slug. `roles` may pass, words in
 * one text; if it is empty, everybody.
 */
async function authenticate(authorization, roles) {
    if (roles === '') {
        return {who: null};
    }
    const sent = BEARER.exec(authorization || ''), now = Date.now() / 1000;
    if (!sent) {
        return {refusal: 'unauthenticated'};
    }
    if (!ngx.shared.ended.has('as of')) {
        return {refusal: 'not-ready'}; // the token may be good
    }
    let who;
    try {
        who = await read(sent[1], now);
    } catch (e) {
        return {refusal: 'unauthenticated'};
    }
    // A token that was good when it was verified need not be so now.
    if (who.exp <= now || !ngx.shared.keys.has(who.kid) || ngx.shared.ended.has(who.sid)) {
        return {refusal: 'unauthenticated'};
    }
    const allowed = roles.split(' ').some((role) => who.roles.includes(role));
    return allowed ? {who: who} : {refusal: 'forbidden'};
}

/** The document for one who is refused. */
function problem(r, slug) {
    const document = problems.document(r, REFUSALS[slug][0], slug, REFUSALS[slug][1]);
    return slug === 'not-ready' ? Object.assign(document, {retry_after: 1}) : document;
}

export default {authenticate, problem};
