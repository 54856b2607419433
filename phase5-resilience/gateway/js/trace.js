// The trace that a request begins, or goes on with; and the gateway's own span of it, in Zipkin's format.
//
// Spans wait in a dictionary of the workers' and are sent by one of them: nobody waits for a backend.
import hashing from 'crypto';
import metrics from 'metrics.js';

const URL = process.env.CHAT_TRACES_URL || '';
const RATE = Number(process.env.CHAT_TRACES_SAMPLE || 0.1);
const SLOW = 1; // s: who is slow is kept, as who fails is, though nobody had chosen it
const BATCH = 1000;
const UNTRACED = ['/healthz', '/readyz'];
const PARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/; // W3C Trace Context

// Return the trace that a client says it is in, and its span there; undefined if it says nothing of the kind.
function given(r) {
    return PARENT.exec(r.headersIn['traceparent'] || '') || undefined;
}

// Return the trace of a request: its UUID; an id that is none is hashed. As `chassis.tracing.ids`.
function traceOf(id) {
    const plain = id.replace(/-/g, '').toLowerCase();
    if (/^(?!0{32})[0-9a-f]{32}$/.test(plain)) {
        return plain;
    }
    return hashing.createHash('sha256').update(id).digest('hex').slice(0, 32);
}

// Return the traceparent for services; whether it is sampled is said here, and not by clients.
function parent(r) {
    if (!URL) {
        return '';
    }
    const trace = traceOf(r.variables.id), bytes = Buffer.alloc(8);
    crypto.getRandomValues(bytes);
    const chosen = parseInt(trace.slice(-8), 16) < RATE * Math.pow(16, 8);
    return `00-${trace}-${bytes.toString('hex')}-${chosen ? '01' : '00'}`;
}

// Note a request that is over: its span, and what is counted. Return whether it gets a line in the log.
function ended(r) {
    const span = URL && spanOf(r);
    if (span) {
        try {
            ngx.shared.spans.set(span.id, JSON.stringify(span));
        } catch (e) {
            metrics.spans('full', 1);
        }
    }
    return metrics.count(r);
}

function spanOf(r) {
    const v = r.variables, own = PARENT.exec(v.traceparent), from = given(r);
    const seconds = Number(v.request_time), failed = Number(v.status) >= 500;
    const isTraced = v.service !== 'site' && v.resource !== 'socket' && !UNTRACED.includes(v.uri);
    if (!isTraced || (own[3] === '00' && !failed && seconds < SLOW)) {
        return undefined;
    }
    const span = {
        traceId: own[1],
        id: own[2],
        kind: 'SERVER',
        name: `${v.method} ${v.resource}`,
        timestamp: Math.round((Number(v.msec) - seconds) * 1e6),
        duration: Math.max(Math.round(seconds * 1e6), 1),
        localEndpoint: {serviceName: 'gateway'},
        tags: {'http.request.method': v.method, 'http.response.status_code': v.status, 'peer.service': v.service},
    };
    if (from && from[1] === own[1]) {
        span.parentId = from[2];
    }
    if (failed) {
        span.tags.error = '';
    }
    return span;
}

/** Sends what waits. What cannot be sent is lost, and counted. */
async function send() {
    const waiting = ngx.shared.spans, found = URL ? waiting.items(BATCH) : [];
    if (!found.length) {
        return;
    }
    found.forEach((one) => waiting.delete(one[0]));
    let outcome = 'backend';
    try {
        const headers = {'Content-Type': 'application/json'};
        const answer = await ngx.fetch(URL, {method: 'POST', headers, body: `[${found.map((one) => one[1]).join(',')}]`});
        outcome = answer.ok ? 'exported' : 'backend';
    } catch (e) {
        // It is away, or hangs.
    }
    metrics.spans(outcome, found.length);
}

export default { given, parent, ended, send };
