/**
 * What the x-ray draws: the last requests with where their time went, and the events they caused.
 *
 * @typedef {{name: string, dur: number|null, desc: string}} Entry  one entry of Server-Timing
 * @typedef {{id: string, method: string, path: string, status: number, start: number, took: number,
 *            entries: Entry[], events: {type: string, after: number}[]}} Trace
 *            id: X-Request-ID ('' when no answer came); start: performance.now(); took, after: ms
 */
import { signal } from '../lib.js';

const KEPT = 60;
const ORIGINS_KEPT = 2000;

/** @type {import('../lib.js').Signal<Trace[]>} newest first */
export const traces = signal([]);
/** message id -> how it came here: {requestId, how: 'send'|'event'|'page', at: performance.now()} */
const origins = new Map();
/** Events that came before the answer of the request that caused them. */
const early = new Map();

/** Notes one finished request. */
export function noteRequest(method, path, start, status, id, serverTiming) {
  const entries = parseServerTiming(serverTiming || '');
  const events = (early.get(id) || []).map(({ type, at }) => ({ type, after: at - start }));
  early.delete(id);
  const trace = { id, method, path, status, start, took: performance.now() - start, entries, events };
  traces.value = [trace, ...traces.value].slice(0, KEPT);
}

/** Notes an event, beside the request that caused it where that was ours. */
export function noteEvent(event) {
  const at = performance.now();
  const message = event.data?.message;
  if (message) noteOrigin(message.id, event.request_id, 'event', event.occurred_at);
  if (!event.request_id) return;
  const mine = traces.value.find((trace) => trace.id === event.request_id);
  if (mine) {
    const events = [...mine.events, { type: event.type, after: at - mine.start }];
    traces.value = traces.value.map((trace) => (trace === mine ? { ...trace, events } : trace));
  } else {
    early.set(event.request_id, [...(early.get(event.request_id) || []), { type: event.type, at }]);
    if (early.size > KEPT) early.delete(early.keys().next().value);
  }
}

/** Notes how a message came here; the first way counts, but its own send outweighs the rest. */
export function noteOrigin(messageId, requestId, how, occurredAt = null) {
  if (origins.has(messageId) && how !== 'send') return;
  origins.set(messageId, { requestId, how, occurredAt, receivedAt: Date.now() });
  if (origins.size > ORIGINS_KEPT) origins.delete(origins.keys().next().value);
}

export function originOf(messageId) {
  return origins.get(messageId) || null;
}

/**
 * Parses a Server-Timing header: `app;dur=12.3, db;dur=3.2;desc="3 queries"` (W3C Server Timing).
 * @returns {Entry[]} in the server's order
 */
function parseServerTiming(header) {
  const metrics = header.match(/(?:[^,"]|"(?:\\.|[^"\\])*")+/g) || [];
  return metrics.map((metric) => {
    const [name, ...params] = metric.match(/(?:[^;"]|"(?:\\.|[^"\\])*")+/g).map((part) => part.trim());
    const value = (key) => params.find((param) => param.startsWith(`${key}=`))?.slice(key.length + 1);
    const dur = value('dur');
    return {
      name,
      dur: dur === undefined ? null : Number(dur),
      desc: (value('desc') || '').replace(/^"|"$/g, '').replace(/\\(.)/g, '$1'),
    };
  });
}
