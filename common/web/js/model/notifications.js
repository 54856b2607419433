/** What is meant for oneself: the latest of it, how much is unread, and what one wants to hear of. */
import { signal } from '../lib.js';
import * as api from '../core/api.js';
import { system } from './system.js';

const LATEST = 50;
const SOON_MS = 1000;

/** Whether the system knows such a thing. */
export const notifies = () => system.value.capabilities?.includes('notifications') || false;

export const notifications = signal({ items: [], unread: 0 });

export async function loadNotifications() {
  if (notifies()) notifications.value = await api.get('/notifications', { limit: LATEST });
}

/** Marks what one can see, and all before it: not what has come since. */
export async function readNotifications() {
  await api.post('/notifications/read', { up_to: notifications.value.items[0].id });
  await loadNotifications();
}

export const loadPreferences = () => api.get('/notifications/preferences');
export const savePreferences = (wishes) => api.put('/notifications/preferences', wishes);

let timer = null;

/** Something happened that may be meant for oneself: they are made a moment after it. */
export function loadNotificationsSoon() {
  if (!notifies() || timer) return;
  timer = setTimeout(() => {
    timer = null;
    loadNotifications().catch(() => {}); // the next event or sweep makes up for it
  }, SOON_MS);
}
