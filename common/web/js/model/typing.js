/** Who is typing where, both ways. */
import { signal } from '../lib.js';

const SHOWN_MS = 5000;
const SAY_EVERY_MS = 3000;

/** conversation id -> ids of the people typing there */
export const typing = signal(new Map());
const timers = new Map();
const said = new Map();

export function someoneTypes(conversationId, userId) {
  const key = conversationId + userId;
  clearTimeout(timers.get(key));
  timers.set(key, setTimeout(() => stoppedTyping(conversationId, userId), SHOWN_MS));
  setTyping(conversationId, [...others(conversationId, userId), userId]);
}

export function stoppedTyping(conversationId, userId) {
  const left = others(conversationId, userId);
  if (left.length !== typing.value.get(conversationId)?.length) setTyping(conversationId, left);
}

/** True when it is time to tell the others again that one is typing. */
export function dueToSay(conversationId) {
  const due = Date.now() - (said.get(conversationId) || 0) >= SAY_EVERY_MS;
  if (due) said.set(conversationId, Date.now());
  return due;
}

const others = (conversationId, userId) =>
  (typing.value.get(conversationId) || []).filter((id) => id !== userId);

function setTyping(conversationId, ids) {
  typing.value = new Map(typing.value).set(conversationId, ids);
}
