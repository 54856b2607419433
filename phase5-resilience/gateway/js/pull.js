// Keeps what tokens are judged by: the keys that sign, and the logins that have ended.

const FRESH = 5 * 1000; // ms for which what was pulled last is good: who logs out is out by then, whatever fails
const REMEMBERED = 960 * 1000; // ms: longer than any access token lives
const OVERLAP = 30 * 1000; // ms: an end is written down before it is committed, and seen only then

async function get(url) {
    const answer = await ngx.fetch(url);
    if (answer.status !== 200) {
        throw new Error(`${url} answered ${answer.status}`);
    }
    return answer.json();
}

/** Takes up the keys that are published, and drops those that are not any more. */
async function keys(url) {
    const known = ngx.shared.keys, published = await get(url);
    const kids = published.keys.map((key) => key.kid);
    published.keys.forEach((key) => known.set(key.kid, JSON.stringify(key)));
    known.keys().filter((kid) => !kids.includes(kid)).forEach((kid) => known.delete(kid));
}

/** Takes up which logins have ended since the last time; returns the moment of that, in ms. */
async function ended(url) {
    const list = ngx.shared.ended, last = list.get('as of');
    const told = await get(`${url}?since=${last ? last - OVERLAP : 0}`);
    Object.keys(told.ended).forEach((sid) => {
        const at = told.ended[sid];
        list.set(sid, at, Math.max(at + REMEMBERED - told.now, 1000));
    });
    return told.now;
}

/** Both, or what there is grows old. Of a series of failures the log has one every five seconds. */
async function pull(s) {
    const list = ngx.shared.ended;
    try {
        const found = await Promise.all([ended(s.variables.ended_url), keys(s.variables.keys_url)]);
        list.set('as of', found[0], FRESH);
        list.delete('failing');
    } catch (e) {
        if (list.add('failing', 1, FRESH)) {
            ngx.log(ngx.WARN, `keys and ended logins cannot be pulled: ${e.message}`);
        }
    }
}

export default {pull};
