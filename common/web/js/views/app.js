/** The whole page: login, or list, conversation, panels and dialogs. */
import { html, useEffect } from '../lib.js';
import { session } from '../core/session.js';
import { ordered, unreadTotal } from '../model/conversations.js';
import { Banner } from './banner.js';
import { Conversation } from './conversation.js';
import { IconButton } from './icon.js';
import { lazy } from './lazy.js';
import { Sidebar } from './sidebar.js';
import { announcement, detailsOpen, dialog, dismiss, go, openId, toasts, xray } from './ui.js';

const Login = lazy(() => import('./login.js').then((module) => module.Login));
const Details = lazy(() => import('./details.js').then((module) => module.Details));
const Dialogs = lazy(() => import('./dialogs.js').then((module) => module.Dialogs));
const Xray = lazy(() => import('./xray.js').then((module) => module.Xray));

export function App({ onLogin }) {
  const inside = Boolean(session.value);
  useEffect(() => {
    if (inside) onLogin();
  }, [inside]);
  return html`${inside ? html`<${Chat} />` : html`<${Login} />`}<${Toasts} />`;
}

function Chat() {
  useEffect(() => {
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  useEffect(() => {
    document.title = unreadTotal.value ? `(${unreadTotal.value}) Chat` : 'Chat';
  }, [unreadTotal.value]);
  return html`<a class="skip" href="#composer" onClick=${skip}>Skip to the conversation</a>
    <div class=${`chat ${openId.value ? 'has-open' : ''} ${detailsOpen.value ? 'has-details' : ''}`}>
      <${Banner} />
      <${Sidebar} />
      <${Conversation} />
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

function Toasts() {
  return html`<div class="toasts" aria-live="polite">${toasts.value.map(({ id, text, bad }) => html`<div key=${id} class=${bad ? 'toast bad' : 'toast'}>
    <span>${text}</span><${IconButton} icon="close" label="Dismiss" onClick=${() => dismiss(id)} /></div>`)}</div>`;
}
