/** The whole page: the login, or the chat; and short notes above either. */
import { html, useEffect, useRef } from '../lib.js';
import { session } from '../core/session.js';
import { IconButton } from './icon.js';
import { lazy } from './lazy.js';
import { dismiss, toasts } from './ui.js';

const Login = lazy(() => import('./login.js').then((module) => module.Login));
const Chat = lazy(() => import('./chat.js').then((module) => module.Chat));

export function App() {
  return html`${session.value ? html`<${Chat} />` : html`<${Login} />`}<${Toasts} />`;
}

/** A popover, so that it lies above an open dialog: what is shown last is uppermost. */
function Toasts() {
  const place = useRef();
  useEffect(() => {
    place.current.hidePopover?.();
    if (toasts.value.length) place.current.showPopover?.();
  }, [toasts.value]);
  return html`<div class="toasts" ref=${place} popover="manual" aria-live="polite">${toasts.value.map(({ id, text, bad }) => html`<div key=${id} class=${bad ? 'toast bad' : 'toast'}>
    <span dir="auto">${text}</span><${IconButton} icon="close" label="Dismiss" onClick=${() => dismiss(id)} /></div>`)}</div>`;
}
