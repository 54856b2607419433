/**
 * Sends what is in the outbox. Each message lies there until the server has acknowledged it, so it
 * survives a reload; it is sent again with the same client id until an answer comes, and the server
 * makes one message of all tries. Per conversation one at a time, oldest first: the order stays.
 * Whichever tab holds the lock sends; the others see it happen through `storage` events.
 */
import { batch, signal } from '../lib.js';
import { authorised } from '../core/api.js';
import { session } from '../core/session.js';
import { inOneTab } from '../core/storage.js';
import { noteOrigin } from '../core/trace.js';
import { backoff, pause } from '../core/wait.js';
import { noteMessage } from './conversations.js';
import { isKept, keep, letGo, newEntry, outbox, reread } from './outbox.js';
import { heldTimeline } from './rooms.js';

/** client id -> the passing problem its last try ended in */
export const setbacks = signal(new Map());

const draining = new Set();

export function submit(conversationId, body, replyTo) {
  keep(newEntry(conversationId, body, replyTo));
  drain(conversationId);
}

export function retry(entry) {
  keep({ ...entry, failed: '' });
  drain(entry.conversation_id);
}

/** Sends all that waits; what an earlier page left behind too. */
export function drainAll() {
  new Set(outbox.value.map((entry) => entry.conversation_id)).forEach(drain);
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
  reread();
  const entry = outbox.value.find((e) => e.conversation_id === conversationId && !e.failed);
  if (!session.value || !entry) return 'done';
  const { client_id, body, reply_to } = entry;
  try {
    const path = `/conversations/${conversationId}/messages`;
    const { data, requestId } = await authorised('POST', path, { body: { client_id, body, ...(reply_to && { reply_to }) } });
    noteOrigin(data.id, requestId, 'send');
    delivered(entry, data);
    return 'sent';
  } catch (problem) {
    if (problem.passing) return setBack(entry, problem);
    if (problem.status === 401) return 'done'; // stays kept for the next login
    if (isKept(entry)) keep({ ...entry, failed: problem.words });
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
    letGo(entry);
    heldTimeline(message.conversation_id)?.accept(message);
    noteMessage(message);
    const others = new Map(setbacks.value);
    others.delete(entry.client_id);
    setbacks.value = others;
  });
}
