// Errors of the gateway's own as problem documents (RFC 9457), of the types that the contract knows.
import metrics from 'metrics.js';

const TITLES = {
    'bad-request': 'Bad request',
    'forbidden': 'Not allowed',
    'internal-error': 'Internal error',
    'method-not-allowed': 'Method not allowed',
    'not-found': 'Not found',
    'not-ready': 'Not ready',
    'overloaded': 'Overloaded',
    'payload-too-large': 'Payload too large',
    'rate-limited': 'Too many requests',
    'unauthenticated': 'Not logged in',
};
const OF_STATUS = {
    400: ['bad-request', 'The request cannot be read.'],
    404: ['not-found', 'There is nothing at this address.'],
    405: ['method-not-allowed', 'Files can only be read.'],
    413: ['payload-too-large', 'The body is longer than 64 KiB.'],
    416: ['bad-request', 'The file is shorter than that.'],
    500: ['internal-error', 'The gateway has a fault.'],
};
const REPEATABLE = ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'];

// Return the document of what the gateway itself refuses. (A handler of ours would first read the body.)
function refusal(r) {
    const status = Number(r.variables.status) || Number(r.variables.refused);
    const said = OF_STATUS[status] || OF_STATUS[500];
    return JSON.stringify(document(r, status, said[0], said[1]));
}

// Say that a service gave no answer: come again (503) where doing it twice does no harm.
function unanswered(r) {
    const tried = r.variables.upstream_status;
    if (r.variables.upstream_addr === r.variables.service) {
        again(r, 'overloaded', 'All places at this service are taken.');
    } else if (!isConnected(r) || tried === undefined) {
        again(r, 'not-ready', 'This service is starting or stopping.');
    } else if (isRepeatable(r)) {
        again(r, 'not-ready', 'This service did not answer.');
    } else {
        const status = String(tried).endsWith('504') ? 504 : 502;
        answer(r, status, 'internal-error', 'There was no answer. Whether it was done is not known.');
    }
}

function again(r, slug, detail) {
    const seconds = 1;
    r.headersOut['Retry-After'] = String(seconds);
    answer(r, 503, slug, detail, { retry_after: seconds });
}

function answer(r, status, slug, detail, more) {
    r.headersOut['Content-Type'] = 'application/problem+json';
    r.return(status, JSON.stringify(Object.assign(document(r, status, slug, detail), more)));
}

function document(r, status, slug, detail) {
    metrics.problem(slug);
    return {
        type: `/api/docs/problems#${slug}`,
        title: TITLES[slug],
        status: status,
        detail: detail,
        request_id: r.variables.id,
    };
}

// Tell whether the request can have reached the service.
function isConnected(r) {
    return /\d\s*$/.test(r.variables.upstream_connect_time || '');
}

function isRepeatable(r) {
    return REPEATABLE.includes(r.method) || (r.variables.resource === 'messages' && r.method === 'POST');
}

export default { document, refusal, unanswered };
