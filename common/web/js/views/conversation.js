/** The open conversation: its head, its messages, the composer, and who is typing. */
import { html, useEffect } from '../lib.js';
import { conversations, listState, loadConversation, titleOf } from '../model/conversations.js';
import { freshenPeople, presenceOf } from '../model/people.js';
import { loadMembers, membersOf, timelineOf } from '../model/rooms.js';
import { typing } from '../model/typing.js';
import { Avatar, GroupAvatar } from './avatar.js';
import { Composer } from './composer.js';
import { History } from './history.js';
import { Icon, IconButton } from './icon.js';
import { names, plural } from './text.js';
import { attempt, detailsOpen, dialog, go, openId, xray } from './ui.js';

export function Conversation() {
  const id = openId.value;
  const conversation = conversations.value.get(id);
  useEffect(() => {
    if (id && !conversation && listState.value === 'ready') attempt(() => loadConversation(id));
  }, [id, listState.value]);
  if (conversation) return html`<${Open} key=${id} conversation=${conversation} />`;
  return html`<main class="conversation" id="main">${id ? html`<${Missing} />` : html`<${Welcome} />`}</main>`;
}

function Open({ conversation }) {
  const { id, rev } = conversation;
  const timeline = timelineOf(id);
  useEffect(() => {
    timeline.heardOf(rev);
  }, [rev]);
  useEffect(() => {
    attempt(() => loadMembers(id)).then(() => freshenPeople([...(membersOf(id).value?.keys() || [])]));
  }, [id]);
  return html`<main class="conversation" id="main" aria-label=${titleOf(conversation)}>
    <${Head} conversation=${conversation} />
    <${History} conversation=${conversation} timeline=${timeline} />
    <${Typists} id=${id} />
    <${Composer} conversation=${conversation} />
  </main>`;
}

function Head({ conversation }) {
  const { id, kind, peer_id, member_count } = conversation;
  const title = titleOf(conversation);
  const toggleDetails = () => (detailsOpen.value = !detailsOpen.value);
  return html`<header class="bar">
    <a class="icon-button back" href="#/" aria-label="Back to the list"><${Icon} name="back" /></a>
    <button type="button" class="title" onClick=${toggleDetails} aria-expanded=${detailsOpen.value}>
      ${kind === 'group' ? html`<${GroupAvatar} id=${id} name=${title} />` : html`<${Avatar} id=${peer_id} presence />`}
      <span class="item-text"><h1 class="item-title" dir="auto">${title}</h1>
      <span class="item-preview">${kind === 'group' ? plural(member_count, 'member') : presenceWords(peer_id)}</span></span>
    </button>
    <${IconButton} icon="people" label="Details and members" aria-pressed=${detailsOpen.value} onClick=${toggleDetails} />
    <${IconButton} icon="pulse" label="X-ray" aria-pressed=${Boolean(xray.value)} onClick=${() => (xray.value = xray.value ? null : {})} />
  </header>`;
}

const presenceWords = (id) => ({ true: 'Online', false: 'Away' })[presenceOf(id).value] || '\u00a0';

function Typists({ id }) {
  const ids = typing.value.get(id) || [];
  return html`<p class="typists" aria-live="polite">${ids.length > 0 && html`<span class="ellipsis" aria-hidden="true"><i></i><i></i><i></i></span>
    <span dir="auto">${names(ids, 3)} ${ids.length === 1 ? 'is' : 'are'} typing…</span>`}</p>`;
}

function Welcome() {
  return html`<div class="empty big"><${Icon} name="chat" /><h1>Pick a conversation</h1>
    <p>Or start one: with a person, or with a group.</p>
    <button type="button" class="primary" onClick=${() => (dialog.value = { name: 'new' })}><${Icon} name="plus" /> New conversation</button></div>`;
}

function Missing() {
  if (listState.value !== 'ready') return html`<div class="empty big"><p role="status">${listState.value.words || 'Loading…'}</p></div>`;
  return html`<div class="empty big"><${Icon} name="search" /><h1>This conversation is not here</h1>
    <p>It does not exist, or you are not part of it any more.</p>
    <button type="button" onClick=${() => go(null)}>To your conversations</button></div>`;
}
