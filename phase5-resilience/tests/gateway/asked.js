// What the tests ask of auth.js.
import auth from 'auth.js';

/** Whom a request comes from, and what the services behind would be told. */
async function who(r) {
    const found = await auth.authenticate(r.headersIn.Authorization, r.variables.allowed);
    r.return(200, JSON.stringify(found));
}

/** What has been pulled, and which tokens have been verified. */
function known(r) {
    const found = {};
    ['keys', 'ended', 'tokens'].forEach((name) => { found[name] = ngx.shared[name].keys(); });
    r.return(200, JSON.stringify(found));
}

export default {who, known};
