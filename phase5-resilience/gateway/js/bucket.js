// A token bucket for each key, shared by all workers and exact whichever of them is asked.
//
// Of a bucket one number is kept: when it will be full again, in µs since 1970 (the "generic cell
// rate algorithm", ITU-T I.371). A token taken moves that on by `interval`, what a token takes to
// come back; a bucket that is full is not kept at all, so the dictionary forgets it by itself.
//
// The dictionary can add to a number at once, but not compare and set. So who takes a token holds
// the key's lock meanwhile, some microseconds. A worker that is killed just then leaves its lock
// behind: it ends after LOCK ms, and only that key has waited.

const LOCK = 500, SPINS = 50, PATIENCE = 4 * LOCK; // ms, attempts, ms

function clock() {
    return Date.now() * 1000;
}

/** A bucket of `q` tokens that is full again after `w` seconds. All numbers whole: sums stay exact. */
function policy(name, q, w) {
    const interval = Math.ceil(w * 1e6 / q);
    return {name: name, q: q, w: w, interval: interval, depth: interval * q};
}

/** How a bucket stands: `left` tokens; `wait`, seconds until one more, 0 when full; `ok` if one can be had. */
function standing(full, now, policy) {
    const debt = Math.max((full || 0) - now, 0);
    const left = Math.max(Math.floor((policy.depth - debt) / policy.interval), 0);
    const more = debt - (policy.depth - (left + 1) * policy.interval);
    return {policy: policy, left: left, wait: debt ? Math.ceil(more / 1e6) : 0, ok: left > 0};
}

/** Looks without taking; one read, and true at that moment. */
function peek(dict, key, policy, now) {
    return standing(dict.get(key), now || clock(), policy);
}

/** Gets the key's lock at once, or not: whoever has it is done in a moment, unless it is not running. */
function lock(locks, key) {
    for (let spins = 0; spins < SPINS; spins++) {
        if (locks.add(key, 1, LOCK)) {
            return true;
        }
    }
    return false;
}

/** Tries every ms; this worker's other requests go on meanwhile. */
async function lockLater(locks, key) {
    const began = Date.now();
    while (Date.now() - began < PATIENCE) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        if (lock(locks, key)) {
            return true;
        }
    }
    return false;
}

/** Empties a bucket that claims to owe more than it holds: limits were lowered, or the clock put back. */
function mend(dict, key, policy, now) {
    if (dict.get(key) - now > policy.depth) {
        dict.set(key, now + policy.depth, Math.ceil(policy.depth / 1000) + 1000);
    }
    return peek(dict, key, policy, now);
}

/** Moves a bucket on. Never by set: who has stalled and lost the lock makes it too strict at worst. */
function advance(dict, key, full, now, policy) {
    const idle = Math.max(now - (full || now), 0);
    const next = Math.max(full || now, now) + policy.interval;
    const keep = Math.ceil((next - now) / 1000) + 1000; // ms; workers' clocks may be apart by a turn
    if (full === undefined && dict.add(key, next, keep)) {
        return next;
    }
    return dict.incr(key, idle + policy.interval, now, keep);
}

/** Takes a token under the lock that one has, and gives the lock back. */
function takeLocked(dict, locks, key, policy, now) {
    try {
        const full = dict.get(key), found = standing(full, now, policy);
        if (!found.ok) {
            return found;
        }
        const taken = standing(advance(dict, key, full, now, policy), now, policy);
        taken.ok = true;
        return taken;
    } finally {
        locks.delete(key);
    }
}

/**
 * Takes a token, and returns how the bucket stands then and whether it was `ok`; a promise of it
 * where the lock is taken. A refusal has changed nothing and took no lock. Throws SharedMemoryError
 * where there is no room for a new bucket.
 */
function take(dict, locks, key, policy, at) {
    const now = at || clock(), before = peek(dict, key, policy, now);
    if (!before.ok) {
        return mend(dict, key, policy, now);
    }
    if (lock(locks, key)) {
        return takeLocked(dict, locks, key, policy, now);
    }
    return lockLater(locks, key).then((got) => got
        ? takeLocked(dict, locks, key, policy, at || clock())
        : {policy: policy, left: 0, wait: 1, ok: false});
}

export default { policy, peek, take };
