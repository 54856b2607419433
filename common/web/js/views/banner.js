/** Tells, kindly and only when it matters, that the system is away, busy, or not live. */
import { html, useEffect, useState } from '../lib.js';
import { trouble } from '../core/http.js';
import { connection, reconnect } from '../model/realtime.js';

const GRACE_MS = 2500;

export function Banner() {
  const [now, setNow] = useState(Date.now());
  const [lostAt, setLostAt] = useState(null);
  const live = connection.value === 'live';
  useEffect(() => {
    setLostAt(live ? null : Date.now());
  }, [live]);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const said = words(now, lostAt);
  return html`<div class="banner-place" role="status">${said && html`<div class="banner"><span>${said}</span>
    ${!live && html`<button type="button" class="link" onClick=${reconnect}>Try now</button>`}</div>`}</div>`;
}

function words(now, lostAt) {
  if (!navigator.onLine) return 'You are offline. What you write is kept and sent when you are back.';
  const { problem, until } = trouble.value || {};
  const wait = Math.ceil((until - now) / 1000);
  if (problem?.status && wait > 0) return `${problem.message} Going on in ${wait} s; what you write is kept.`;
  if (!lostAt || now - lostAt < GRACE_MS) return '';
  if (problem && problem.status === 0) return 'The server cannot be reached. Trying again; what you write is kept.';
  return 'Live updates are interrupted. Connecting again; meanwhile news come every few seconds.';
}
