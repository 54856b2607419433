/**
 * The conversation list. A summary is replaced only by a newer one (by `rev`), because answers and
 * events arrive in any order.
 *
 * @typedef {{id: string, kind: 'direct'|'group', name: string|null, created_by: string, role: string,
 *            member_count: number, peer_id: string|null, rev: number, last_seq: number,
 *            read_seq: number, last_activity_at: string, last_message: object|null}} Conversation
 */
import { computed, signal } from '../lib.js';
import * as api from '../core/api.js';
import { plain } from '../core/harmless.js';
import { myId, nameOf } from './people.js';

const PAGES_AT_MOST = 20;
const PREVIEW = 140;

/** @type {import('../lib.js').Signal<Map<string, Conversation>>} */
export const conversations = signal(new Map());
/** 'loading' until the list has been read once, then 'ready'; or the problem that prevented it. */
export const listState = signal('loading');

export const ordered = computed(() =>
  [...conversations.value.values()].sort((a, b) => (a.last_activity_at < b.last_activity_at ? 1 : -1)));

export const unreadTotal = computed(() =>
  ordered.value.reduce((sum, conversation) => sum + unreadOf(conversation), 0));

export const unreadOf = ({ last_seq, read_seq }) => Math.max(0, last_seq - read_seq);
export const titleOf = ({ kind, name, peer_id }) => (kind === 'group' ? plain(name) || 'Group without a name' : nameOf(peer_id));

/** Reads the whole list; what is no longer in it is gone. */
export async function loadConversations() {
  const seen = new Set();
  let cursor;
  try {
    for (let page = 0; page < PAGES_AT_MOST && cursor !== null; page += 1) {
      const { items, next_cursor } = await api.get('/conversations', { limit: 100, cursor });
      putAll(items);
      items.forEach(({ id }) => seen.add(id));
      listState.value = 'ready';
      cursor = next_cursor;
    }
    if (cursor === null) drop([...conversations.value.keys()].filter((id) => !seen.has(id)));
  } catch (problem) {
    if (listState.value !== 'ready') listState.value = problem;
    throw problem;
  }
}

/** Reads one conversation again; a 404 means that one is no longer part of it. */
export async function loadConversation(id) {
  try {
    putAll([await api.get(`/conversations/${id}`)]);
  } catch (problem) {
    if (problem.status !== 404) throw problem;
    drop([id]);
  }
}

export async function createConversation(what) {
  const conversation = await api.post('/conversations', what);
  putAll([conversation]);
  return conversation;
}

export async function rename(id, name) {
  putAll([await api.patch(`/conversations/${id}`, { name })]);
}

function putAll(items) {
  const next = new Map(conversations.value);
  for (const item of items) {
    const old = next.get(item.id);
    if (old && old.rev > item.rev) continue;
    next.set(item.id, { ...item, read_seq: Math.max(item.read_seq, old?.read_seq || 0) });
  }
  conversations.value = next;
}

export function change(id, changes) {
  const old = conversations.value.get(id);
  if (old) conversations.value = new Map(conversations.value).set(id, { ...old, ...changes });
}

export function drop(ids) {
  if (!ids.length) return;
  conversations.value = new Map([...conversations.value].filter(([id]) => !ids.includes(id)));
}

export function readUpTo(id, seq) {
  const old = conversations.value.get(id);
  if (old && seq > old.read_seq) change(id, { read_seq: seq });
}

/** Brings a message that was created, edited or deleted into the summary of its conversation. */
export function noteMessage(message) {
  const old = conversations.value.get(message.conversation_id);
  if (!old) return;
  const isLast = message.seq >= (old.last_message?.seq || 0);
  const isNew = message.seq > old.last_seq;
  change(old.id, {
    rev: Math.max(old.rev, message.rev),
    last_seq: Math.max(old.last_seq, message.seq),
    ...(isLast && { last_message: { ...message, body: message.body && message.body.slice(0, PREVIEW) } }),
    ...(isNew && { last_activity_at: message.created_at }),
    ...(isNew && message.sender_id === myId.value && { read_seq: message.seq }),
  });
}
