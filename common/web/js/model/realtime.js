/**
 * The socket: one connection with a fresh ticket for each attempt, tried again for ever. The socket
 * itself never reconnects, because a ticket is good for one handshake only.
 */
import { signal } from '../lib.js';
import * as api from '../core/api.js';
import { session } from '../core/session.js';
import { backoff, insist, pause, wake } from '../core/wait.js';
import { catchUp, receive } from './sync.js';
import { dueToSay } from './typing.js';

const HANDSHAKE_MS = 10_000;
const SWEEP_MS = 60_000;
const SWEEP_WITHOUT_SOCKET_MS = 8_000;
const TICK_MS = 5_000;
const ASLEEP_MS = 90_000; // hidden tabs get one tick a minute
const PROVEN_MS = 5_000;
const LOGOUT_MS = 500;

/** 'connecting' | 'live' | 'waiting' (for the next attempt) */
export const connection = signal('connecting');

let socket = null;
let closing = null; // the last connection.closing, which says how long to wait

/** Connects, and again whenever the connection is lost, until the login ends. */
export async function startRealtime() {
  watchForSleep();
  sweepForEver();
  const { io } = await insist(() => import('../../vendor/socket.io.js'));
  for (let attempt = 0; session.value; ) {
    const lasted = await connectOnce(io);
    attempt = lasted ? 0 : attempt + 1;
    if (closing?.reconnect === false) await checkLogin();
    connection.value = 'waiting';
    await pause(closing?.reconnect ? Math.random() * closing.max_delay_ms : backoff(attempt));
  }
}

/** The server says that this login has ended: asking for something shows it, unless one has just logged out here. */
async function checkLogin() {
  await pause(LOGOUT_MS);
  if (session.value) await api.get('/profiles/me').catch(() => {});
}

/** Tells the others that one is typing, now and then. */
export function sayTyping(conversationId) {
  if (socket?.connected && dueToSay(conversationId)) socket.emit('typing', { conversation_id: conversationId });
}

/** @returns {Promise<boolean>} once the connection is over: whether it had held for a while */
async function connectOnce(io) {
  closing = null;
  let ticket;
  try {
    ({ ticket } = await api.post('/realtime/tickets'));
  } catch (problem) {
    if (problem.retryAfter) await pause(problem.retryAfter * 1000);
    return false;
  }
  return new Promise((resolve) => {
    let since = Infinity;
    socket = io({ transports: ['websocket'], query: { ticket }, reconnection: false, forceNew: true, timeout: HANDSHAKE_MS });
    socket.on('connect', () => {
      since = Date.now();
      connection.value = 'live';
      catchUp().catch(() => {});
      wake();
    });
    socket.on('connection.closing', (event) => (closing = event.data));
    socket.onAny((type, event) => receive(event));
    socket.on('disconnect', () => resolve(Date.now() - since > PROVEN_MS));
    socket.on('connect_error', () => {
      socket.disconnect();
      resolve(false);
    });
  });
}

/** Events may be lost and sockets may be full, so now and then the revs of the list are compared. */
async function sweepForEver() {
  let last = Date.now();
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    const due = Date.now() - last > (connection.value === 'live' ? SWEEP_MS : SWEEP_WITHOUT_SOCKET_MS);
    if (!due || document.hidden) continue;
    last = Date.now();
    await catchUp().catch(() => {});
  }
}

/** After a sleep a socket often looks alive and is not: a late tick means to connect anew. */
function watchForSleep() {
  let last = Date.now();
  setInterval(() => {
    if (Date.now() - last > ASLEEP_MS && !document.hidden) reconnect();
    last = Date.now();
  }, TICK_MS);
}

/** Drops the connection, if there is one, and tries at once. */
export function reconnect() {
  socket?.disconnect();
  wake();
}

addEventListener('online', reconnect);
