/** What runs behind the views, loaded together once the list is painted. */
export { startRealtime } from '../model/realtime.js';
export { drainAll } from '../model/sending.js';
export { announceNews } from './announce.js';
