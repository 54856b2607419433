/** What the system could not deal with and has put aside; for admins. */
import * as api from '../core/api.js';
import { session } from '../core/session.js';
import { system } from './system.js';

/** Whether this login may look: the system knows such a thing, and the token says so. */
export const seesDeadLetters = () => (system.value.capabilities?.includes('dead-letters') || false)
  && (session.value?.roles || []).includes('admin');

export const deadLetters = async () => (await api.get('/dead-letters')).items;
/** Gives it to the part that failed once more; what has been done is not done again. */
export const replay = (id) => api.post(`/dead-letters/${id}/replay`);
export const drop = (id) => api.del(`/dead-letters/${id}`);
