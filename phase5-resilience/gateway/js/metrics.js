// What the gateway counts of all requests, and how it tells (Prometheus's text format).
//
// The workers share one dictionary, whose `incr` is atomic. Every label has a bounded set of values.

const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const QUIET = ['/healthz', '/readyz']; // asked for every few seconds; their lines would hide the others
const HELP = {
    chat_gateway_requests_total: ['counter', 'Requests that were answered.'],
    chat_gateway_problems_total: ['counter', "Problem documents of the gateway's own."],
    chat_gateway_seconds: ['histogram', 'Time of a request, sockets left out.'],
    chat_gateway_service_seconds_total: ['counter', 'Part of it that was spent waiting for services.'],
    chat_gateway_spans_total: ['counter', 'Spans, by what became of them: exported, full, backend.'],
};

// Count a request that is over; return whether it gets a line in the log.
function count(r) {
    const v = r.variables;
    add(`chat_gateway_requests_total{method="${v.method}",resource="${v.resource}",status="${v.status}"}`, 1);
    if (v.status !== '101') {
        const seconds = Number(v.request_time);
        const bound = BOUNDS.find((one) => seconds <= one) || '+Inf';
        const labels = `method="${v.method}",resource="${v.resource}"`;
        add(`chat_gateway_seconds_bucket{${labels},le="${bound}"}`, 1);
        add(`chat_gateway_seconds_sum{${labels}}`, seconds);
        const waited = Number(v.upstream_response_time);
        add(`chat_gateway_service_seconds_total{resource="${v.resource}"}`, waited > 0 ? waited : 0);
    }
    return QUIET.includes(v.uri) ? '' : '1';
}

// Count a problem document.
function problem(slug) {
    add(`chat_gateway_problems_total{type="${slug}"}`, 1);
}

// Count spans.
function spans(outcome, amount) {
    add(`chat_gateway_spans_total{outcome="${outcome}"}`, amount);
}

function add(series, amount) {
    try {
        ngx.shared.counters.incr(series, amount, 0);
    } catch (e) {
        // The zone is full: whoever is served shall not suffer for it.
    }
}

function expose(r) {
    const found = ngx.shared.counters.items(10000).sort();
    const lines = [];
    Object.keys(HELP).forEach((name) => {
        lines.push(`# HELP ${name} ${HELP[name][1]}`, `# TYPE ${name} ${HELP[name][0]}`);
        if (HELP[name][0] === 'histogram') {
            histogram(name, found, lines);
        } else {
            found.filter((one) => one[0].startsWith(`${name}{`)).forEach((one) => lines.push(`${one[0]} ${one[1]}`));
        }
    });
    r.headersOut['Content-Type'] = 'text/plain; version=0.0.4; charset=utf-8';
    r.return(200, `${lines.join('\n')}\n`);
}

// The dictionary holds how many fell into each bucket; Prometheus wants them and all below.
function histogram(name, found, lines) {
    const stored = {};
    found.forEach((one) => { stored[one[0]] = one[1]; });
    found.filter((one) => one[0].startsWith(`${name}_sum{`)).forEach((one) => {
        const label = one[0].slice(name.length + 5, -1);
        let sum = 0;
        BOUNDS.concat('+Inf').forEach((bound) => {
            const series = `${name}_bucket{${label},le="${bound}"}`;
            sum += stored[series] || 0;
            lines.push(`${series} ${sum}`);
        });
        lines.push(`${name}_count{${label}} ${sum}`, `${one[0]} ${one[1]}`);
    });
}

export default { count, problem, spans, expose };
