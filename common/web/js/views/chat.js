/** What a logged-in person sees: list, conversation, panels, dialogs; and the start of what runs behind. */
import { html, useEffect } from '../lib.js';
import { insist } from '../core/wait.js';
import { listState, loadConversations, ordered, unreadTotal } from '../model/conversations.js';
import { leaveToInputMethod } from './keys.js';
import { lazy } from './lazy.js';
import { Sidebar } from './sidebar.js';
import { announcement, detailsOpen, dialog, go, openId, xray } from './ui.js';

const Banner = lazy(() => import('./banner.js').then((module) => module.Banner));
const Conversation = lazy(() => import('./conversation.js').then((module) => module.Conversation));
const Details = lazy(() => import('./details.js').then((module) => module.Details));
const Dialogs = lazy(() => import('./dialogs.js').then((module) => module.Dialogs));
const Xray = lazy(() => import('./xray.js').then((module) => module.Xray));

/** The list first; what runs behind it is loaded once it can be seen. */
async function start() {
  await loadConversations().catch(() => {}); // the list itself shows the problem
  const { startRealtime, drainAll, announceNews } = await insist(() => import('./background.js'));
  drainAll();
  announceNews();
  startRealtime();
  insist(() => import('./dialogs.js')); // so that the first one opens at once
}

export function Chat() {
  useEffect(() => {
    start();
    addEventListener('keydown', leaveToInputMethod, true);
    addEventListener('keydown', onKey);
    return () => {
      removeEventListener('keydown', leaveToInputMethod, true);
      removeEventListener('keydown', onKey);
    };
  }, []);
  useEffect(() => {
    document.title = unreadTotal.value ? `(${unreadTotal.value}) Chat` : 'Chat';
  }, [unreadTotal.value]);
  const listed = listState.value !== 'loading';
  return html`<a class="skip" href="#composer" onClick=${skip}>Skip to the conversation</a>
    <div class=${`chat ${openId.value ? 'has-open' : ''} ${detailsOpen.value ? 'has-details' : ''}`}>
      ${listed && html`<${Banner} />`}
      <${Sidebar} />
      ${listed && html`<${Conversation} />`}
      ${detailsOpen.value && openId.value && html`<${Details} />`}
      ${xray.value && html`<${Xray} />`}
    </div>
    ${dialog.value && html`<${Dialogs} />`}
    <div class="hidden" aria-live="polite">${announcement.value}</div>`;
}

function skip(event) {
  event.preventDefault();
  (document.getElementById('composer') || document.getElementById('main')).focus();
}

function onKey(event) {
  const { key, altKey, ctrlKey, metaKey } = event;
  if (dialog.value) return;
  if ((ctrlKey || metaKey) && key === 'k') document.getElementById('search').focus();
  else if (altKey && (key === 'ArrowDown' || key === 'ArrowUp')) step(key === 'ArrowDown' ? 1 : -1);
  else if (altKey && key === 'x') xray.value = xray.value ? null : {};
  else return;
  event.preventDefault();
}

/** Opens the conversation before or after the open one. */
function step(by) {
  const list = ordered.value;
  const at = list.findIndex(({ id }) => id === openId.value);
  const next = list[Math.min(list.length - 1, Math.max(0, at + by))];
  if (next) go(next.id);
}
