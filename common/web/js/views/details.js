/** Beside a conversation: its name, its members with their roles, and leaving it. */
import { html, useEffect, useRef, useState } from '../lib.js';
import * as api from '../core/api.js';
import { isolated } from '../core/harmless.js';
import { conversations, drop, rename, titleOf } from '../model/conversations.js';
import { loadMembers, membersOf } from '../model/rooms.js';
import { myId, nameOf, presenceOf, profileOf } from '../model/people.js';
import { limit } from '../model/system.js';
import { Avatar, GroupAvatar } from './avatar.js';
import { Icon, IconButton } from './icon.js';
import { plural } from './text.js';
import { attempt, confirm, detailsOpen, dialog, go, openId } from './ui.js';

export function Details() {
  const conversation = conversations.value.get(openId.value);
  const panel = useRef();
  useEffect(() => panel.current?.focus(), []);
  if (!conversation) return null;
  const close = () => (detailsOpen.value = false);
  const onKeyDown = (event) => event.key === 'Escape' && close();
  return html`<aside class="details" aria-label="Details" ref=${panel} tabindex="-1" onKeyDown=${onKeyDown}>
    <header class="bar"><h2>Details</h2><${IconButton} icon="close" label="Close details" onClick=${close} /></header>
    <div class="details-body">
      ${conversation.kind === 'group' ? html`<${Group} conversation=${conversation} />` : html`<${Direct} conversation=${conversation} />`}
    </div>
  </aside>`;
}

function Direct({ conversation: { peer_id } }) {
  const person = profileOf(peer_id).value;
  return html`<div class="card">
    <${Avatar} id=${peer_id} presence />
    <h3 dir="auto">${nameOf(peer_id)}</h3>
    <p class="dim">@${person?.username}</p>
    ${person?.bio && html`<p class="bio" dir="auto">${person.bio}</p>`}
  </div>`;
}

function Group({ conversation }) {
  const { id, role } = conversation;
  const members = [...(membersOf(id).value?.values() || [])].sort(byRoleAndName);
  const leave = () => confirm(`Leave “${isolated(titleOf(conversation))}”?`,
    role === 'owner' ? 'The group gets another owner. Only a member can add you again.' : 'Only a member can add you again.', 'Leave',
    async () => {
      await api.del(`/conversations/${id}/members/${myId.value}`);
      go(null);
      drop([id]);
    });
  return html`
    <${Name} conversation=${conversation} />
    <div class="section"><h3>${plural(conversation.member_count, 'member')}</h3>
      ${role !== 'member' && html`<button type="button" class="link" onClick=${() => (dialog.value = { name: 'add', id })}>
        <${Icon} name="plus" /> Add people</button>`}</div>
    <ul class="members">${members.map((member) => html`<${MemberRow} key=${member.user_id} member=${member} conversation=${conversation} />`)}</ul>
    ${!members.length && html`<p class="hint" role="status">Loading members…</p>`}
    <button type="button" class="danger" onClick=${leave}>Leave group</button>`;
}

const RANK = { owner: 0, admin: 1, member: 2 };
const byRoleAndName = (a, b) => RANK[a.role] - RANK[b.role] || nameOf(a.user_id).localeCompare(nameOf(b.user_id));

function Name({ conversation }) {
  const { id, name, role } = conversation;
  const [editing, setEditing] = useState(false);
  const save = async (event) => {
    event.preventDefault();
    const value = new FormData(event.target).get('name').trim();
    if (!value || value === name || await attempt(() => rename(id, value))) setEditing(false);
  };
  return html`<div class="card"><${GroupAvatar} id=${id} name=${name} />
    ${editing ? html`<form class="inline" onSubmit=${save}>
        <input name="name" aria-label="Group name" value=${name} dir="auto" required maxlength=${limit('group_name_max', 80)}
          ref=${(field) => field?.focus()} onKeyDown=${(event) => { if (event.key === 'Escape') { event.stopPropagation(); setEditing(false); } }} />
        <button type="submit" class="primary">Save</button></form>`
      : html`<h3><span dir="auto">${titleOf(conversation)}</span> ${role !== 'member' && html`<${IconButton} icon="edit" label="Rename group" onClick=${() => setEditing(true)} />`}</h3>`}
  </div>`;
}

function MemberRow({ member: { user_id, role }, conversation }) {
  const isMe = user_id === myId.value;
  return html`<li>
    <button type="button" class="item" onClick=${() => (dialog.value = { name: 'person', id: user_id })}>
      <${Avatar} id=${user_id} presence /><span class="item-text"><span class="item-title" dir="auto"><bdi>${nameOf(user_id)}</bdi>${isMe && ' (you)'}</span>
      <span class="item-preview">${role}${presenceOf(user_id).value ? ' · online' : ''}</span></span></button>
    ${!isMe && html`<${MemberMenu} id=${user_id} role=${role} conversation=${conversation} />`}
  </li>`;
}

/** What one may do with a member, by one's own role. */
function MemberMenu({ id, role, conversation }) {
  const path = `/conversations/${conversation.id}/members/${id}`;
  const name = isolated(nameOf(id));
  const reload = () => loadMembers(conversation.id);
  const make = (next) => api.patch(path, { role: next }).then(reload);
  const options = [];
  if (conversation.role === 'owner') {
    if (role === 'member') options.push(['Make admin', () => attempt(() => make('admin'))]);
    if (role === 'admin') options.push(['Make member', () => attempt(() => make('member'))]);
    options.push(['Make owner', () => confirm(`Make ${name} the owner?`, 'You become an admin; only the new owner can give ownership back.', 'Make owner', () => make('owner'))]);
  }
  if (conversation.role === 'owner' || (conversation.role === 'admin' && role === 'member')) {
    options.push(['Remove', () => confirm(`Remove ${name}?`, 'All that was said stays in the group.', 'Remove', () => api.del(path).then(reload))]);
  }
  if (!options.length) return null;
  const close = (event) => event.currentTarget.closest('details').removeAttribute('open');
  const onKeyDown = (event) => {
    if (event.key !== 'Escape' || !event.currentTarget.open) return;
    event.stopPropagation();
    event.currentTarget.open = false;
    event.currentTarget.firstElementChild.focus();
  };
  const onFocusOut = (event) => {
    if (!event.currentTarget.contains(event.relatedTarget)) event.currentTarget.open = false;
  };
  return html`<details class="menu" onKeyDown=${onKeyDown} onFocusOut=${onFocusOut}>
    <summary class="icon-button" aria-label=${`What to do with ${name}`}><${Icon} name="more" /></summary>
    <div>${options.map(([label, run]) => html`<button type="button" key=${label} onClick=${(event) => { close(event); run(); }}>${label}</button>`)}</div>
  </details>`;
}
