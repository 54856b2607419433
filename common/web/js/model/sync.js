/**
 * Keeps the models true: applies events as they come, and catches up after every connect, on waking,
 * and now and then, because events may be lost.
 */
import { noteEvent } from '../core/trace.js';
import { conversations, drop, loadConversation, loadConversations, noteMessage, readUpTo, change } from './conversations.js';
import { loadNotificationsSoon } from './notifications.js';
import { freshenPeople, myId, presenceChanged } from './people.js';
import { forgetRoom, heldTimeline, heldTimelines, memberRead, reloadMembers } from './rooms.js';
import { drainAll } from './sending.js';
import { someoneTypes, stoppedTyping } from './typing.js';

const SEEN = 500;
const NOTIFYING = new Set(['message.created', 'message.deleted', 'read']);
const seen = new Set();

const handlers = {
  'message.created': onMessage,
  'message.edited': onMessage,
  'message.deleted': onMessage,
  'reaction.added': onReaction,
  'reaction.removed': onReaction,
  'conversation.created': onConversation,
  'conversation.renamed': onConversation,
  'conversation.members_added': onConversation,
  'conversation.role_changed': onConversation,
  'conversation.member_removed': onMemberRemoved,
  read: onRead,
  typing: (event) => someoneTypes(event.conversation_id, event.data.user_id),
  presence: (event) => presenceChanged(event.data),
};

/** Applies one event; unknown types are ignored, so that a later phase may send more. */
export function receive(event) {
  if (seen.has(event.id)) return;
  seen.add(event.id);
  if (seen.size > SEEN) seen.delete(seen.values().next().value);
  noteEvent(event);
  handlers[event.type]?.(event);
  if (NOTIFYING.has(event.type)) loadNotificationsSoon();
}

/** Brings everything up to date: the list, held timelines and members, people. Sends what waits. */
export async function catchUp() {
  drainAll();
  await loadConversations();
  for (const [id, timeline] of heldTimelines()) {
    const conversation = conversations.value.get(id);
    if (conversation) timeline.heardOf(conversation.rev);
    else forgetRoom(id);
  }
  freshenPeople();
  loadNotificationsSoon();
  await Promise.all(heldTimelines().map(([id]) => reloadMembers(id)));
}

function onMessage(event) {
  const { message } = event.data;
  stoppedTyping(message.conversation_id, message.sender_id);
  heldTimeline(message.conversation_id)?.accept(message);
  if (conversations.value.has(message.conversation_id)) noteMessage(message);
  else quietly(loadConversation(message.conversation_id));
  if (message.kind === 'text') memberRead(message.conversation_id, message.sender_id, message.seq);
}

function onReaction(event) {
  heldTimeline(event.conversation_id)?.react(event);
  const rev = Math.max(event.rev, conversations.value.get(event.conversation_id)?.rev || 0);
  change(event.conversation_id, { rev });
}

/** Names, roles and members are state, not history: they are read again. */
function onConversation({ conversation_id: id }) {
  quietly(loadConversation(id));
  quietly(reloadMembers(id));
}

function onMemberRemoved(event) {
  if (event.data.user_id !== myId.value) return onConversation(event);
  drop([event.conversation_id]);
  forgetRoom(event.conversation_id);
}

function onRead({ conversation_id: id, data: { user_id, read_seq } }) {
  memberRead(id, user_id, read_seq);
  if (user_id === myId.value) readUpTo(id, read_seq);
}

/** A failed re-read is made up for by the next event or sweep, and the banner tells of it. */
function quietly(promise) {
  promise.catch(() => {});
}
