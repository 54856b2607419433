/** What one does to a message that exists. The answer is its new state; events tell the others. */
import { signal } from '../lib.js';
import * as api from '../core/api.js';
import { noteMessage, readUpTo } from './conversations.js';
import { heldTimeline } from './rooms.js';

const path = (message) => `/conversations/${message.conversation_id}/messages/${message.id}`;

export const edit = async (message, body) => take(await api.patch(path(message), { body }));
export const remove = async (message) => take(await api.del(path(message)));

export async function toggleReaction(message, emoji, userId) {
  const on = message.reactions.some((r) => r.emoji === emoji && r.user_ids.includes(userId));
  const where = `${path(message)}/reactions/${encodeURIComponent(emoji)}`;
  take(await (on ? api.del(where) : api.put(where)));
}

const found = new Map();

/**
 * A message that another one replies to, which may be far away in the history.
 * @returns {import('../lib.js').Signal<object|null>} null until it has been read
 */
export function messageById(conversationId, id) {
  if (!found.has(id)) {
    found.set(id, signal(null));
    api.get(`/conversations/${conversationId}/messages/${id}`)
      .then((message) => (found.get(id).value = message), () => found.delete(id));
  }
  return found.get(id);
}

function take(message) {
  heldTimeline(message.conversation_id)?.accept(message);
  noteMessage(message);
}

const READ_EVERY_MS = 1000;
const marking = new Map();

/** Moves one's read marker, at most once a second per conversation; the last one counts. */
export function markRead(conversationId, seq) {
  readUpTo(conversationId, seq);
  if (marking.has(conversationId)) return void marking.set(conversationId, seq);
  marking.set(conversationId, null);
  api.put(`/conversations/${conversationId}/read`, { seq }).catch(() => {}); // the next marker makes up for it
  setTimeout(() => {
    const later = marking.get(conversationId);
    marking.delete(conversationId);
    if (later) markRead(conversationId, later);
  }, READ_EVERY_MS);
}
