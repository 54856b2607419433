/** What is on the screen, as opposed to what is true: the open conversation, panels, notes. */
import { signal } from '../lib.js';

const conversationInHash = () => location.hash.match(/^#\/c\/([0-9a-f-]+)$/)?.[1] || null;

/** The id of the open conversation, which is also in the address: back, reload and links work. */
export const openId = signal(conversationInHash());
addEventListener('hashchange', () => (openId.value = conversationInHash()));

export const hrefOf = (id) => (id ? `#/c/${id}` : '#/');
export const go = (id) => (location.hash = hrefOf(id));

/** The open dialog: {name, …what it needs}, or null. */
export const dialog = signal(null);
export const detailsOpen = signal(false);
/** The x-ray drawer: what it looks at, {messageId} or {} for the last requests; null when closed. */
export const xray = signal(null);
/** Per conversation: the message one is replying to. */
export const replyTo = signal(null);
/** The id of the message being edited. */
export const editing = signal(null);
/** Read out by screen readers. */
export const announcement = signal('');

/** Short notes at the edge: [{id, text, bad}] */
export const toasts = signal([]);
const TOAST_MS = 7000;
let toastCount = 0;

export function toast(text, bad = false) {
  const id = (toastCount += 1);
  toasts.value = [...toasts.value.slice(-2), { id, text, bad }];
  setTimeout(() => dismiss(id), TOAST_MS);
}

export function dismiss(id) {
  toasts.value = toasts.value.filter((t) => t.id !== id);
}

/** Does something that may fail, and says so when it does. @returns whether it worked */
export async function attempt(work) {
  try {
    await work();
    return true;
  } catch (problem) {
    toast(problem.words || String(problem), true);
    return false;
  }
}

/** Asks before something that cannot be undone. */
export function confirm(title, text, label, run) {
  dialog.value = { name: 'confirm', title, text, label, run };
}
