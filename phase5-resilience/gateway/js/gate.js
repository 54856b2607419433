// What is decided before a request is passed on: `auth_request` asks `check`, and `refuse` answers.
import auth from 'auth.js';
import bucket from 'bucket.js';
import problems from 'problems.js';

const HELD = 200; // ms: who floods gets no faster refusals than that over one connection, and they cost little

/** Whoever has one IPv6 address has all of its /64: the first four of eight groups. */
function network(text) {
    const address = text.replace(/^::ffff:(?=\d+\.)/i, ''); // IPv4, as a socket for both writes it
    if (address.indexOf(':') < 0) {
        return address;
    }
    const parts = address.split('::').map((part) => part.split(':'));
    const left_out = parts[1] ? Math.max(8 - parts[0].length - parts[1].length, 0) : 0;
    const groups = parts[0].concat(Array(left_out).fill('0'), parts[1] || []);
    return groups.slice(0, 4).map((group) => parseInt(group, 16) || 0).join(':');
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
async function take(one) {
    const shared = ngx.shared;
    try {
        return await bucket.take(shared.limits, shared.locks, one.key, one.policy); // it may fail late
    } catch (e) {
        if (e.name !== 'SharedMemoryError') {
            throw e;
        }
        return bucket.take(shared.spare, shared.locks, `${one.policy.name}:*`, one.policy);
    }
}

/**
 * Takes from the person's bucket, if it is known who asks, and from the address's. How the closest
 * one stands, or the one that refuses; what the address has used up already takes nothing from a person.
 */
async function admit(r, kind, who) {
    const address = bucketOf(kind, 'address', network(r.variables.client));
    const person = who && (bucketOf(kind, who.roles[0], who.sub) || bucketOf(kind, 'person', who.sub));
    if (!person) {
        return take(address);
    }
    const ahead = bucket.peek(ngx.shared.limits, address.key, address.policy);
    if (!ahead.ok) {
        return ahead;
    }
    const own = await take(person);
    if (!own.ok) {
        return own;
    }
    const all = await take(address);
    return all.ok ? own : all;
}

/** Whether this was not too often. In headers as draft-ietf-httpapi-ratelimit-headers-10 has them. */
async function isWithinLimits(r, who) {
    const v = r.variables;
    const found = await admit(r, v.limit_of, who), policy = found.policy;
    v.limit_policy = `"${policy.name}";q=${policy.q};w=${policy.w}`;
    v.limit = `"${policy.name}";r=${found.left};t=${found.wait}`;
    if (!found.ok) {
        v.limit_wait = Math.max(found.wait, 1);
        v.limit_broken = policy.name;
        await new Promise((resolve) => setTimeout(resolve, HELD));
    }
    return found.ok;
}

/** 204, or 403 for `refuse` to answer. Who may not come in has asked all the same: that counts too. */
async function check(r) {
    const judged = await auth.authenticate(r.headersIn.Authorization, r.variables.allowed_to);
    const ok = await isWithinLimits(r, judged.who);
    if (judged.who) {
        r.variables.identity = judged.who.identity;
    }
    r.variables.denied = ok && judged.refusal || '';
    r.return(ok && !judged.refusal ? 204 : 403);
}

/** The document for the one who is refused. */
function refusal(r) {
    const v = r.variables, wait = Number(v.limit_wait);
    if (!wait) {
        return JSON.stringify(auth.problem(r, v.denied));
    }
    const often = v.limit_policy.replace(/.*q=(\d+);w=(\d+)/, '$1 in $2 s');
    const document = problems.document(r, 429, 'rate-limited', `More than ${often}. Come back in ${wait} s.`);
    document.retry_after = wait;
    document['violated-policies'] = [v.limit_broken];
    return JSON.stringify(document);
}

export default { check, refusal };
