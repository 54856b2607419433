/** Tells, kindly and only when it matters, that the system is away, busy, or not live. */
import { html, useEffect, useState } from '../lib.js';
import { degraded, trouble } from '../core/http.js';
import { connection, reconnect } from '../model/realtime.js';

const GRACE_MS = 2500;
const LESS = {
  messages: 'Some messages may be missing from the list for a moment.',
  presence: 'Who is online cannot be told for sure at the moment.',
  profiles: 'Your profile is still being made.',
};

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
  const less = Object.keys(degraded.value).filter((part) => degraded.value[part] > now);
  const quiet = less.map((part) => LESS[part]).filter(Boolean).join(' ');
  return html`<div class="banner-place" role="status" data-degraded=${less.join(' ') || null}>
    ${said && html`<div class="banner"><span>${said}</span>
    ${!live && html`<button type="button" class="link" onClick=${reconnect}>Try now</button>`}</div>`}
    ${!said && quiet && html`<div class="banner quiet"><span>${quiet}</span></div>`}</div>`;
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
