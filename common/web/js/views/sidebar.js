/** The conversation list, with a search that finds conversations here and people on the server. */
import { html, useEffect, useRef, useState } from '../lib.js';
import { system } from '../model/system.js';
import { listState, loadConversations, ordered, titleOf, unreadOf } from '../model/conversations.js';
import { notifications, notifies } from '../model/notifications.js';
import { myId, nameOf, searchPeople } from '../model/people.js';
import { outbox } from '../model/outbox.js';
import { typing } from '../model/typing.js';
import { Avatar, GroupAvatar } from './avatar.js';
import { Icon, IconButton } from './icon.js';
import { moveFocus } from './keys.js';
import { startDirect } from './actions.js';
import { fullTime, gist, names, shortTime } from './text.js';
import { attempt, dialog, hrefOf, openId, xray } from './ui.js';

export function Sidebar() {
  const [query, setQuery] = useState('');
  const found = matching(query);
  const onKeyDown = (event) => {
    if (event.key === 'Escape' && query) setQuery('');
    else moveFocus(event, '#search, .sidebar a.item, .sidebar button.item');
  };
  const onSubmit = (event) => {
    event.preventDefault();
    document.querySelector('.sidebar .items .item')?.click();
  };
  return html`<nav class="sidebar" aria-label="Conversations" onKeyDown=${onKeyDown}>
    <header class="bar">
      <button type="button" class="me" onClick=${() => (dialog.value = { name: 'me' })} aria-label="Your profile and settings">
        ${myId.value && html`<${Avatar} id=${myId.value} presence />`}
        <span class="me-name" dir="auto">${myId.value ? nameOf(myId.value) : '…'}</span>
      </button>
      ${notifies() && html`<${Bell} />`}
      <${IconButton} icon="plus" label="New conversation" onClick=${() => (dialog.value = { name: 'new' })} />
    </header>
    <form class="search" role="search" onSubmit=${onSubmit}>
      <${Icon} name="search" />
      <input id="search" type="search" placeholder="Search" aria-label="Search conversations and people"
        autocomplete="off" value=${query} onInput=${(event) => setQuery(event.target.value)} />
      <kbd aria-hidden="true">Ctrl K</kbd>
    </form>
    <div class="items" onClick=${(event) => event.target.closest('.item') && setQuery('')}>
      <${List} found=${found} query=${query} />
      ${query.trim() && html`<${People} query=${query.trim()} />`}
    </div>
    <${Footer} />
  </nav>`;
}

/** What is meant for oneself, wherever it was written. */
function Bell() {
  const { unread } = notifications.value;
  const shown = unread > 99 ? '99+' : unread;
  return html`<span class="bell"><${IconButton} icon="bell" label=${unread ? `Notifications, ${shown} unread` : 'Notifications'}
    onClick=${() => (dialog.value = { name: 'notifications' })} />${unread > 0 && html`<span class="badge" aria-hidden="true">${shown}</span>`}</span>`;
}

function matching(query) {
  const words = query.normalize().toLocaleLowerCase().split(/\s+/).filter(Boolean);
  return ordered.value.filter((conversation) => {
    const title = titleOf(conversation).toLocaleLowerCase();
    return words.every((word) => title.includes(word));
  });
}

function List({ found, query }) {
  if (listState.value === 'loading') return html`<${Skeleton} />`;
  if (listState.value !== 'ready') {
    return html`<div class="empty"><p>${listState.value.words}</p>
      <button type="button" onClick=${() => attempt(loadConversations)}>Try again</button></div>`;
  }
  if (!ordered.value.length && !query) {
    return html`<div class="empty"><p>No conversations yet.</p>
      <button type="button" class="primary" onClick=${() => (dialog.value = { name: 'new' })}>Start one</button></div>`;
  }
  if (!found.length) return html`<p class="hint">No conversation is called that.</p>`;
  return html`<ul>${found.map((c) => html`<li key=${c.id}><${Item} conversation=${c} /></li>`)}</ul>`;
}

function Item({ conversation }) {
  const { id, kind, peer_id, last_activity_at } = conversation;
  const title = titleOf(conversation);
  const unread = id === openId.value && document.hasFocus() ? 0 : unreadOf(conversation);
  return html`<a class=${`item ${unread ? 'unread' : ''}`} href=${hrefOf(id)} aria-current=${id === openId.value ? 'page' : null}>
    ${kind === 'group' ? html`<${GroupAvatar} id=${id} name=${title} />` : html`<${Avatar} id=${peer_id} presence />`}
    <span class="item-text">
      <span class="item-line"><span class="item-title" dir="auto">${title}</span>
        <time datetime=${last_activity_at} title=${fullTime(last_activity_at)}>${shortTime(last_activity_at)}</time></span>
      <span class="item-line"><span class="item-preview" dir="auto"><${Preview} conversation=${conversation} /></span>
        ${unread > 0 && html`<span class="badge">${unread > 99 ? '99+' : unread}<span class="hidden"> unread</span></span>`}</span>
    </span>
  </a>`;
}

function Preview({ conversation: { id, kind, last_message: last } }) {
  const typists = typing.value.get(id) || [];
  if (typists.length) return html`<em>${kind === 'group' ? `${names(typists, 2)} typing…` : 'typing…'}</em>`;
  const waiting = outbox.value.findLast((entry) => entry.conversation_id === id);
  if (waiting) return html`${waiting.failed ? '⚠ ' : '🕓 '}${waiting.body}`;
  if (!last) return 'No messages yet';
  if (last.kind === 'notice' || last.deleted_at) return html`<i>${gist(last)}</i>`;
  const sender = last.sender_id === myId.value ? 'You' : kind === 'group' && nameOf(last.sender_id).split(' ')[0];
  // The text alone decides which way the line runs; what stands in <bdi> does not count.
  return sender ? html`<bdi>${sender}:</bdi> ${last.body}` : last.body;
}

/** People whom the search finds: choosing one opens the direct conversation. */
function People({ query }) {
  const [found, setFound] = useState(null);
  const latest = useRef();
  useEffect(() => {
    latest.current = query;
    const timer = setTimeout(() => attempt(async () => {
      const { items } = await searchPeople(query);
      if (latest.current === query) setFound(items.filter(({ id }) => id !== myId.value));
    }), 200);
    return () => clearTimeout(timer);
  }, [query]);
  if (!found) return html`<p class="hint">Searching people…</p>`;
  if (!found.length) return html`<p class="hint">No person has this name.</p>`;
  return html`<h2 class="group-title">People</h2>
    <ul>${found.map(({ id, username }) => html`<li key=${id}>
      <button type="button" class="item" onClick=${() => startDirect(id)}>
        <${Avatar} id=${id} />
        <span class="item-text"><span class="item-title" dir="auto">${nameOf(id)}</span>
        <span class="item-preview">@${username}</span></span>
      </button></li>`)}</ul>`;
}

/** Which system this is; from here one looks inside it. */
function Footer() {
  const { phase, title, links = {} } = system.value;
  return html`<footer class="system">
    <a class="phase" href=${links.lesson || '/lesson'} target="_blank" title="Read this phase's lesson">
      ${phase === undefined ? 'Chat' : html`<b>Phase ${phase}</b> ${title}`}</a>
    <${IconButton} icon="keyboard" label="Keyboard shortcuts" onClick=${() => (dialog.value = { name: 'shortcuts' })} />
    <button type="button" class="xray-button" aria-pressed=${Boolean(xray.value)} onClick=${() => (xray.value = xray.value ? null : {})}>
      <${Icon} name="pulse" /> X-ray</button>
  </footer>`;
}

function Skeleton() {
  return html`<div role="status" aria-label="Loading conversations">
    ${[1, 2, 3, 4, 5, 6].map((n) => html`<div key=${n} class="item skeleton" aria-hidden="true"><span class="avatar"></span>
      <span class="item-text"><span></span><span></span></span></div>`)}</div>`;
}
