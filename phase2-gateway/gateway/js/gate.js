// What is decided before a request is passed on: `auth_request` asks `check`, and `refuse` answers.
import auth from 'auth.js';
import bucket from 'bucket.js';
import problems from 'problems.js';

/** Whoever has one IPv6 address has all of its /64. */
function network(r) {
    const address = r.rawVariables.binary_remote_addr;
    return address.slice(0, address.length > 4 ? 8 : 4).toString('base64url');
}

/** The bucket of one row of limits.json; undefined where the class has no such row. */
function bucketOf(kind, who, id) {
    const row = limits.classes[kind][who];
    if (!row) {
        return undefined;
    }
    const name = kind + '-' + who, factor = limits.factors[process.env.LIMITS || 'real'];
    return {key: name + ':' + id, policy: bucket.policy(name, row.q * factor, row.w)};
}

/** Takes from a bucket; a newcomer for whom there is no room, from the one of all such newcomers. */
function take(one) {
    const shared = ngx.shared;
    try {
        return bucket.take(shared.limits, shared.locks, one.key, one.policy);
    } catch (e) {
        if (e.name !== 'SharedMemoryError') {
            throw e;
        }
        return bucket.take(shared.spare, shared.locks, `${one.policy.name}:*`, one.policy);
    }
}

/**
 * Takes from a person's bucket and from the address's. How the closest one stands, or the one that
 * refuses; what the address has used up already takes nothing from a person.
 */
async function admit(r, kind, person) {
    const address = bucketOf(kind, 'address', network(r));
    const personal = person && bucketOf(kind, 'user', person.sub);
    if (!personal) {
        return take(address);
    }
    const ahead = bucket.peek(ngx.shared.limits, address.key, address.policy);
    if (!ahead.ok) {
        return ahead;
    }
    const own = await take(personal);
    if (!own.ok) {
        return own;
    }
    const all = await take(address);
    return all.ok ? own : all;
}

/** Tells how a limit stands, as draft-ietf-httpapi-ratelimit-headers-10 has it. */
function tell(v, found) {
    const policy = found.policy;
    v.limit_policy = `"${policy.name}";q=${policy.q};w=${policy.w}`;
    v.limit = `"${policy.name}";r=${found.left};t=${found.wait}`;
}

/** What somebody is told who has asked too often. */
function tooMuch(found) {
    const wait = Math.max(found.wait, 1), policy = found.policy;
    return {
        status: 429, slug: 'rate-limited',
        detail: `That was more than ${policy.q} in ${policy.w} s. Wait ${wait} s.`,
        more: {retry_after: wait, 'violated-policies': [policy.name]},
    };
}

/** 204, or 403 for `refuse` to answer. Who may not come in has used up something all the same. */
async function check(r) {
    const v = r.variables, judged = await auth.authenticate(r.headersIn.Authorization, v.allowed_to);
    const found = await admit(r, v.limit_of, judged.who);
    const refusal = found.ok ? judged.refusal : tooMuch(found);
    tell(v, found);
    if (refusal) {
        v.refusal = JSON.stringify(refusal);
    } else if (judged.who) {
        v.identity = judged.who.identity;
    }
    r.return(refusal ? 403 : 204);
}

function refuse(r) {
    const why = r.variables.refusal ? JSON.parse(r.variables.refusal) : auth.NOT_ALLOWED;
    if (why.status === 401) {
        r.headersOut['WWW-Authenticate'] = 'Bearer error="invalid_token"';
    }
    if (why.more) {
        r.headersOut['Retry-After'] = String(why.more.retry_after);
    }
    problems.answer(r, why.status, why.slug, why.detail, why.more);
}

export default {check, refuse};
