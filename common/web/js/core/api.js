/** The API as a logged-in person uses it: adds the token, renews it, and repeats what is safe to repeat. */
import { exchange } from './http.js';
import { accessToken, ended, refresh } from './session.js';
import { backoff, pause } from './wait.js';

const TRIES = 4;
const LONGEST_WAIT = 15;

const dataOf = ({ data }) => data;

export const get = (path, query) => repeated('GET', path, { query }).then(dataOf);
export const put = (path, body) => repeated('PUT', path, { body }).then(dataOf);
export const del = (path) => repeated('DELETE', path, {}).then(dataOf);
export const post = (path, body) => repeated('POST', path, { body }, refused).then(dataOf);
export const patch = (path, body) => repeated('PATCH', path, { body }, refused).then(dataOf);
/** As get, but with the request id beside the data: {data, status, requestId}. */
export const getTraced = (path, query) => repeated('GET', path, { query });

/** One request with a good token; a token refused early (the login's clock, a restart) is renewed once. */
export async function authorised(method, path, options) {
  const token = await accessToken();
  try {
    return await exchange(method, path, { ...options, token });
  } catch (problem) {
    if (problem.status !== 401) throw problem;
  }
  try {
    return await exchange(method, path, { ...options, token: await refresh(token) });
  } catch (problem) {
    if (problem.status === 401) ended();
    throw problem;
  }
}

const passing = (problem) => problem.passing;
/** True when the server did nothing but say "later": then anything may be sent again. */
const refused = (problem) => problem.status === 429;

/** GET, PUT and DELETE mean the same however often they are sent, so a passing problem is sat out. */
async function repeated(method, path, options, mayRepeat = passing) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await authorised(method, path, options);
    } catch (problem) {
      const hopeless = !mayRepeat(problem) || problem.retryAfter > LONGEST_WAIT;
      if (hopeless || attempt + 1 === TRIES) throw problem;
      await pause(backoff(attempt, problem.retryAfter));
    }
  }
}
