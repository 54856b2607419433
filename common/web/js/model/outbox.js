/**
 * Messages on their way, as they lie in localStorage: one key each, so that tabs that write at the
 * same time lose nothing, and an id that sorts by time, so that the order of the keys is the order
 * of writing. sending.js sends them.
 *
 * @typedef {{client_id: string, conversation_id: string, body: string, reply_to: string|null,
 *            created_at: string, failed: string}} Entry   failed: why it will never succeed as it is
 */
import { signal } from '../lib.js';
import { newId } from '../core/ids.js';
import { session } from '../core/session.js';
import { forget, load, loadAll, save } from '../core/storage.js';

const prefix = () => `chat.outbox.${session.value?.user_id}.`;
const keyOf = (entry) => prefix() + entry.client_id;

/** @type {import('../lib.js').Signal<Entry[]>} in the order they were written */
export const outbox = signal(loadAll(prefix()));

export function newEntry(conversationId, body, replyTo) {
  const created_at = new Date().toISOString();
  return { client_id: newId(), conversation_id: conversationId, body, reply_to: replyTo, created_at, failed: '' };
}

export function keep(entry) {
  save(keyOf(entry), entry);
  reread();
}

export function letGo(entry) {
  forget(keyOf(entry));
  reread();
}

/** Whether the entry has been discarded meanwhile, perhaps in another tab. */
export const isKept = (entry) => Boolean(load(keyOf(entry)));

/** Another tab may have changed what is kept. */
export function reread() {
  outbox.value = session.value ? loadAll(prefix()) : [];
}

addEventListener('storage', ({ key }) => key?.startsWith(prefix()) && reread());
