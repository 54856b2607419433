/** What moderators do; every step needs a reason, and leaves a line in the trail. */
import * as api from '../core/api.js';
import { session } from '../core/session.js';
import { system } from './system.js';

/** Whether this login may moderate: the system knows such a thing, and the token says so. */
export const moderates = () => (system.value.capabilities?.includes('moderation') || false)
  && (session.value?.roles || []).some((role) => role !== 'member');

export const removeMessage = ({ conversation_id, id }, reason) =>
  api.post('/moderation/removals', { conversation_id, message_id: id, reason });
export const suspend = (userId, reason) => api.put(`/moderation/suspensions/${userId}`, { reason });
export const restore = (userId, reason) => api.put(`/moderation/restorations/${userId}`, { reason });
export const trail = async () => (await api.get('/moderation/actions', { limit: 50 })).items;
