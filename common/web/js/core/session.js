/**
 * Who is logged in. The tokens lie in localStorage, so every tab has the same ones; a logout or a
 * refresh in one tab reaches the others through the `storage` event. When a login ends the page
 * loads anew: that leaves nothing of the old person in memory, without any code to clean it up.
 *
 * @typedef {{user_id: string, login_id: string, access_token: string, refresh_token: string,
 *            renew_at: number, roles?: string[]}} Session   renew_at: ms since 1970, when the token is nearly over
 */
import { signal } from '../lib.js';
import { exchange } from './http.js';
import { Problem } from './problem.js';
import { forget, forgetAll, inOneTab, load, save } from './storage.js';
import { backoff, pause } from './wait.js';

const KEY = 'chat.session';
const FAREWELL = 'chat.farewell';
const LEAVING = 'chat.leaving';
const IN_ANOTHER_TAB = 'You were logged out in another tab.';

/** @type {import('../lib.js').Signal<Session|null>} */
export const session = signal(load(KEY));

/** Keeps what register, login or refresh answered. */
export function begin(tokens) {
  const { user_id, login_id, access_token, refresh_token, expires_in, roles = [] } = tokens;
  const renew_at = Date.now() + expires_in * 800;
  session.value = { user_id, login_id, access_token, refresh_token, renew_at, roles };
  save(KEY, session.value);
}

/** Ends the login in this browser and says why on the login page. Drafts stay for the next login. */
export function end(why = '') {
  if (!session.value) return;
  forget(KEY);
  depart(why);
}

/** Forgets what a person left in this browser: drafts and unsent messages. */
export function forgetPerson(userId) {
  forgetAll(`chat.draft.${userId}.`);
  forgetAll(`chat.outbox.${userId}.`);
}

let departing = false;

/** Why the last login ended, to be shown once: on the page that comes, not on the one that goes. */
export function takeFarewell() {
  if (departing) return '';
  const why = sessionStorage.getItem(FAREWELL) || '';
  sessionStorage.removeItem(FAREWELL);
  return why;
}

/** An access token that is good for a while yet. */
export async function accessToken() {
  if (!session.value) throw new Problem({ slug: 'unauthenticated', status: 401 });
  const { access_token, renew_at } = session.value;
  return Date.now() < renew_at ? access_token : refresh(access_token);
}

let refreshing = null;

/**
 * Replaces a stale access token, once for all callers and all tabs.
 * @param {string} stale  the token that was refused or is nearly over
 * @returns {Promise<string>} the new access token
 */
export function refresh(stale) {
  refreshing ??= inOneTab('chat.refresh', () => renew(stale)).finally(() => (refreshing = null));
  return refreshing;
}

async function renew(stale) {
  const current = load(KEY);
  if (!current) throw new Problem({ slug: 'unauthenticated', status: 401 });
  session.value = current;
  if (current.access_token === stale) begin(await ask(current.refresh_token));
  return session.value.access_token;
}

/** A refresh whose answer was lost is repeated with the same token, which the server allows for. */
async function ask(refresh_token) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return (await exchange('POST', '/auth/refresh', { body: { refresh_token } })).data;
    } catch (problem) {
      if (problem.status === 401) ended();
      if (!problem.passing || attempt === 4) throw problem;
      await pause(backoff(attempt, problem.retryAfter));
    }
  }
}

/** Before logging out: the server closes the sockets of other tabs before they could hear why from this one. */
export function announceLeaving() {
  save(LEAVING, session.value?.login_id);
}

/** The server knows this login no more. */
export function ended() {
  const left = session.value && load(LEAVING) === session.value.login_id;
  end(left ? IN_ANOTHER_TAB : 'Your login has ended. Log in again to go on; your drafts are kept.');
}

function depart(why) {
  departing = true;
  session.value = null;
  if (why) sessionStorage.setItem(FAREWELL, why);
  location.reload();
}

addEventListener('storage', ({ key, newValue }) => {
  if (key !== KEY) return;
  const now = newValue && JSON.parse(newValue);
  if (!now && session.value) depart(IN_ANOTHER_TAB);
  else if (now?.login_id !== session.value?.login_id) location.reload();
  else session.value = now;
});
