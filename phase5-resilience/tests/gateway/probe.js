// What the tests ask of bucket.js, with a clock of their own where they give one (µs).
import bucket from 'bucket.js';

function policy(r) {
    return bucket.policy('test', Number(r.args.q), Number(r.args.w));
}

function taken(r, now) {
    return bucket.take(ngx.shared.limits, ngx.shared.locks, r.args.key, policy(r), now);
}

function answer(r, value) {
    r.headersOut['X-Worker'] = String(ngx.worker_id);
    r.return(200, JSON.stringify(value));
}

/** One token, now. */
async function take(r) {
    try {
        answer(r, await taken(r));
    } catch (e) {
        answer(r, {error: e.name});
    }
}

/** A token at each of these moments. */
async function replay(r) {
    const found = [], moments = r.args.at.split(',');
    for (let n = 0; n < moments.length; n++) {
        found.push(await taken(r, Number(moments[n])));
    }
    answer(r, found);
}

/** As many as asked for at one moment, without a pause: what two workers do at once. */
async function burst(r) {
    let ok = 0;
    for (let n = Number(r.args.times); n; n--) {
        ok += (await taken(r, Number(r.args.now))).ok ? 1 : 0;
    }
    answer(r, ok);
}

/** The same bucket by get, compute, set. */
function naive(r) {
    const dict = ngx.shared.limits, limit = policy(r), now = Number(r.args.now);
    let ok = 0;
    for (let n = Number(r.args.times); n; n--) {
        const next = Math.max(dict.get(r.args.key) || 0, now) + limit.interval;
        if (next - now <= limit.depth) {
            dict.set(r.args.key, next, 60000);
            ok += 1;
        }
    }
    answer(r, ok);
}

/** Leaves a lock behind, as a worker does that is killed while it holds one. */
function lock(r) {
    answer(r, ngx.shared.locks.add(r.args.key, 1, 500));
}

/** Two ways to count by windows, and the bucket, asked for the same request: which of them admit it. */
async function windows(r) {
    const dict = ngx.shared.limits, key = r.args.key, q = Number(r.args.q), length = r.args.w * 1000;
    const now = Date.now(), number = Math.floor(now / length), share = 1 - now % length / length;
    const of = (kind, n) => dict.get(`${key}${kind}${n}`) || 0;
    const admit = (kind, used) => used < q && dict.incr(`${key}${kind}${number}`, 1, 0) > 0;
    answer(r, {
        'fixed window': admit('fixed', of('fixed', number)),
        'sliding window': admit('sliding', of('sliding', number) + share * of('sliding', number - 1)),
        'token bucket': (await taken(r)).ok,
    });
}

export default {take, replay, burst, naive, lock, windows};
