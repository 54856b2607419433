/** Words and times for people. */
import { isolated } from '../core/harmless.js';
import { nameOf } from '../model/people.js';

const format = (options) => new Intl.DateTimeFormat(undefined, options).format;
const clock = format({ hour: '2-digit', minute: '2-digit' });
const weekday = format({ weekday: 'short' });
const dayAndMonth = format({ day: 'numeric', month: 'short' });
const longDay = format({ weekday: 'long', day: 'numeric', month: 'long' });
const longDayWithYear = format({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
const full = format({ dateStyle: 'full', timeStyle: 'medium' });
const list = new Intl.ListFormat('en');

const DAY_MS = 86_400_000;
const midnight = (time) => new Date(time).setHours(0, 0, 0, 0);
const daysAgo = (time) => Math.round((midnight(Date.now()) - midnight(time)) / DAY_MS);

export const timeOf = (time) => clock(new Date(time));
export const fullTime = (time) => full(new Date(time));
export const sameDay = (a, b) => midnight(a) === midnight(b);

/** For the list: the clock today, the weekday this week, the date before. */
export function shortTime(time) {
  const days = daysAgo(time);
  if (days < 1) return timeOf(time);
  return (days < 7 ? weekday : dayAndMonth)(new Date(time));
}

export function dayName(time) {
  const days = daysAgo(time);
  if (days === 0) return 'Today';
  if (days === 1) return 'Yesterday';
  const thisYear = new Date(time).getFullYear() === new Date().getFullYear();
  return (thisYear ? longDay : longDayWithYear)(new Date(time));
}

/** Whole or tenths of milliseconds, or seconds. */
export function duration(ms) {
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  return ms >= 10 ? `${Math.round(ms)} ms` : `${ms.toFixed(1)} ms`;
}

export const plural = (count, word) => `${count} ${word}${count === 1 ? '' : 's'}`;

export function names(ids, most = 4) {
  const some = ids.slice(0, most).map((id) => isolated(nameOf(id)));
  return list.format(ids.length > most ? [...some, plural(ids.length - most, 'other')] : some);
}

const ROLES = { owner: 'the owner', admin: 'an admin', member: 'a member' };

/** What a notice says; `actor` is who did it. */
export function noticeText({ action, user_ids: ids = [], name, role }, actor) {
  const who = isolated(nameOf(actor));
  switch (action) {
    case 'created': return `${who} created ${name ? `“${isolated(name)}”` : 'the conversation'}`;
    case 'renamed': return `${who} renamed the group to “${isolated(name)}”`;
    case 'members_added': return `${who} added ${names(ids)}`;
    case 'member_removed': return `${who} removed ${names(ids)}`;
    case 'member_left': return `${names(ids)} left`;
    case 'role_changed': return `${who} made ${names(ids)} ${ROLES[role] || role}`;
    default: return `${who} changed the group`;
  }
}

/** One line that stands for a message. */
export function gist(message) {
  if (message.deleted_at) return 'Message deleted';
  return message.kind === 'notice' ? noticeText(message.notice, message.sender_id) : message.body;
}
