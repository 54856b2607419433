/**
 * People: profiles and presence. Messages and members name people by id only; views read
 * `profileOf(id).value` and are drawn again when it arrives.
 *
 * @typedef {{id: string, username: string, display_name: string, bio: string, created_at: string,
 *            updated_at: string}} Profile
 */
import { computed } from '../lib.js';
import * as api from '../core/api.js';
import { plain } from '../core/harmless.js';
import { lookup } from '../core/lookup.js';
import { session } from '../core/session.js';

const FRESH_MS = 60_000;
const PRESENCE_FRESH_MS = 3_000;

const profiles = lookup(async (ids) => {
  const { items } = await api.get('/profiles', { ids: ids.join() });
  return items.map((profile) => [profile.id, profile]);
});

const presences = lookup(async (ids) => {
  const { items } = await api.get('/presence', { ids: ids.join() });
  return items.map(({ user_id, online }) => [user_id, online]);
});

export const profileOf = profiles.of;
export const presenceOf = presences.of;
export const myId = computed(() => session.value?.user_id);
export const me = computed(() => (myId.value ? profileOf(myId.value).value : null));

/** The name to show; who has none that can be seen goes by the username. */
export const shownName = ({ display_name, username }) => plain(display_name) || `@${username}`;

/** The same by id; an ellipsis stands in until the profile has been read. */
export function nameOf(id) {
  const profile = profileOf(id).value;
  return profile ? shownName(profile) : '…';
}

export function presenceChanged({ user_id, online }) {
  presences.set(user_id, online);
}

/** Profiles change without an event, presence events may be lost: read again what is shown. */
export function freshenPeople(ids) {
  profiles.freshen(FRESH_MS, ids);
  presences.freshen(PRESENCE_FRESH_MS, ids);
}

export async function searchPeople(q, cursor) {
  const page = await api.get('/profiles/search', { q, cursor, limit: 20 });
  page.items.forEach((profile) => profiles.set(profile.id, profile));
  return page;
}

export async function saveProfile(changes) {
  const profile = await api.patch('/profiles/me', changes);
  profiles.set(profile.id, profile);
}
