/**
 * Messages on their way. Each lies in localStorage until the server has acknowledged it, so it
 * survives a reload; it is sent again with the same client id until an answer comes, and the server
 * makes one message of all tries. Per conversation one at a time, oldest first: the order stays.
 * Whichever tab holds the lock sends; the others see it happen through `storage` events.
 *
 * @typedef {{client_id: string, conversation_id: string, body: string, reply_to: string|null,
 *            created_at: string, failed: string}} Entry   failed: why it will never succeed as it is
 */
import { batch, signal } from '../lib.js';
import { authorised } from '../core/api.js';
import { newId } from '../core/ids.js';
import { session } from '../core/session.js';
import { forget, inOneTab, load, loadAll, save } from '../core/storage.js';
import { noteOrigin } from '../core/trace.js';
import { backoff, pause } from '../core/wait.js';
import { noteMessage } from './conversations.js';
import { heldTimeline } from './rooms.js';

/** @type {import('../lib.js').Signal<Entry[]>} in the order they were written */
export const outbox = signal([]);
/** client id -> the passing problem its last try ended in */
export const setbacks = signal(new Map());

const draining = new Set();
const prefix = () => `chat.outbox.${session.value?.user_id}.`;
const keyOf = (entry) => prefix() + entry.client_id;

/** Takes up what an earlier page left behind. */
export function startOutbox() {
  readStorage();
  drainAll();
  addEventListener('storage', ({ key }) => key?.startsWith(prefix()) && readStorage());
}

export function submit(conversationId, body, replyTo) {
  const created_at = new Date().toISOString();
  const entry = { client_id: newId(), conversation_id: conversationId, body, reply_to: replyTo, created_at, failed: '' };
  store(entry);
}

export function retry(entry) {
  store({ ...entry, failed: '' });
}

export function discard(entry) {
  forget(keyOf(entry));
  readStorage();
}

export function drainAll() {
  new Set(outbox.value.map((entry) => entry.conversation_id)).forEach(drain);
}

function store(entry) {
  save(keyOf(entry), entry);
  readStorage();
  drain(entry.conversation_id);
}

function readStorage() {
  outbox.value = session.value ? loadAll(prefix()) : [];
}

/** Sends until nothing of this conversation waits. Between tries the lock is free for other tabs. */
async function drain(conversationId) {
  if (draining.has(conversationId)) return;
  draining.add(conversationId);
  for (let attempt = 0, result; result !== 'done'; ) {
    result = await inOneTab(`chat.outbox.${conversationId}`, () => sendNext(conversationId));
    attempt = result === 'sent' ? 0 : attempt + 1;
    if (result.passing) await pause(backoff(attempt, result.retryAfter));
  }
  draining.delete(conversationId);
}

/** @returns {Promise<'sent'|'done'|import('../core/problem.js').Problem>} a Problem if worth another try */
async function sendNext(conversationId) {
  const entry = session.value && loadAll(prefix()).find((e) => e.conversation_id === conversationId && !e.failed);
  if (!entry) return 'done';
  const { client_id, body, reply_to } = entry;
  try {
    const path = `/conversations/${conversationId}/messages`;
    const { data, requestId } = await authorised('POST', path, { body: { client_id, body, ...(reply_to && { reply_to }) } });
    noteOrigin(data.id, requestId, 'send');
    delivered(entry, data);
    return 'sent';
  } catch (problem) {
    if (problem.passing) return setBack(entry, problem);
    if (problem.status === 401) return 'done'; // stays stored for the next login
    if (load(keyOf(entry))) save(keyOf(entry), { ...entry, failed: problem.words });
    readStorage();
    return 'sent';
  }
}

function setBack(entry, problem) {
  setbacks.value = new Map(setbacks.value).set(entry.client_id, problem);
  return problem;
}

/** The message takes the place of its entry in one step, so that nothing flickers. */
function delivered(entry, message) {
  batch(() => {
    forget(keyOf(entry));
    readStorage();
    heldTimeline(message.conversation_id)?.accept(message);
    noteMessage(message);
    const others = new Map(setbacks.value);
    others.delete(entry.client_id);
    setbacks.value = others;
  });
}
