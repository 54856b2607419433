/** What is held of conversations that are or were open: timelines and members. */
import { signal } from '../lib.js';
import * as api from '../core/api.js';
import { Timeline } from './timeline.js';

const TIMELINES_HELD = 6;
const timelines = new Map();
const members = new Map();

/** The timeline of a conversation, made on first use; the one unused for longest makes room. */
export function timelineOf(id) {
  const timeline = timelines.get(id) || new Timeline(id);
  timelines.delete(id);
  timelines.set(id, timeline);
  if (timelines.size > TIMELINES_HELD) timelines.delete(timelines.keys().next().value);
  return timeline;
}

/** The timeline if it is held; events for others need no place. */
export const heldTimeline = (id) => timelines.get(id);
export const heldTimelines = () => [...timelines];

/**
 * @typedef {{user_id: string, role: string, joined_at: string, read_seq: number}} Member
 * @returns {import('../lib.js').Signal<Map<string, Member>|null>} null until loadMembers is done
 */
export function membersOf(id) {
  if (!members.has(id)) members.set(id, signal(null));
  return members.get(id);
}

/** Reads all members (a group has at most a few hundred). */
export async function loadMembers(id) {
  const all = new Map();
  for (let cursor; cursor !== null; ) {
    const page = await api.get(`/conversations/${id}/members`, { limit: 100, cursor });
    page.items.forEach((member) => all.set(member.user_id, member));
    cursor = page.next_cursor;
  }
  membersOf(id).value = all;
}

/** Reads members again where they have been read before. */
export async function reloadMembers(id) {
  if (members.get(id)?.value) await loadMembers(id);
}

export function memberRead(id, userId, seq) {
  const known = members.get(id)?.value;
  const member = known?.get(userId);
  if (member && member.read_seq < seq) {
    members.get(id).value = new Map(known).set(userId, { ...member, read_seq: seq });
  }
}

/** Lets go of a conversation that one has left. */
export function forgetRoom(id) {
  timelines.delete(id);
  members.delete(id);
}
