/**
 * The x-ray: where the time of a request went. It draws whatever Server-Timing holds and knows no
 * phase: what a later phase adds to the header appears here by itself.
 */
import { html, useEffect, useRef } from '../lib.js';
import { originOf, traces } from '../core/trace.js';
import { timelineOf } from '../model/rooms.js';
import { nameOf } from '../model/people.js';
import { system } from '../model/system.js';
import { Icon, IconButton } from './icon.js';
import { duration, fullTime, gist } from './text.js';
import { openId, xray } from './ui.js';

export function Xray() {
  const { messageId, traceKey } = xray.value;
  const panel = useRef();
  useEffect(() => {
    const before = document.activeElement;
    panel.current.focus();
    return () => before?.isConnected && before.focus();
  }, []);
  const close = () => (xray.value = null);
  const onKeyDown = (event) => event.key === 'Escape' && close();
  const message = messageId && openId.value && timelineOf(openId.value).find(messageId);
  const origin = messageId && originOf(messageId);
  const chosen = origin ? traces.value.find(({ id }) => id === origin.requestId)
    : traces.value.find(({ start }) => start === traceKey) || traces.value[0];
  return html`<aside class="xray" aria-label="X-ray" ref=${panel} tabindex="-1" onKeyDown=${onKeyDown}>
    <header class="bar"><h2><${Icon} name="pulse" /> X-ray</h2>
      <${Links} />
      <${IconButton} icon="close" label="Close the x-ray" onClick=${close} /></header>
    <div class="xray-body">
      <${Requests} chosen=${chosen} />
      <section class="xray-detail" aria-label="Where the time went" aria-live="polite" tabindex="0">
        ${message && html`<${About} message=${message} origin=${origin} />`}
        ${chosen ? html`<${Trace} trace=${chosen} />` : html`<p class="hint">${messageId
          ? 'The request that brought this message is no longer among the last ones, or was somebody else’s.'
          : 'No request yet.'}</p>`}
      </section>
    </div>
  </aside>`;
}

function Links() {
  const { phase, title, step, links = {} } = system.value;
  return html`<span class="xray-links">
    ${phase !== undefined && html`<span class="tag">Phase ${phase} · ${title}${String(step) !== String(phase) ? ` · step ${step}` : ''}</span>`}
    <a href=${links.lesson || '/lesson'} target="_blank"><${Icon} name="book" /> Lesson</a>
    <a href=${links.docs || '/api/docs/'} target="_blank">API documents</a></span>`;
}

function Requests({ chosen }) {
  return html`<ol class="requests" aria-label="Last requests">${traces.value.map((trace) => html`<li key=${trace.start}>
    <button type="button" aria-current=${trace === chosen ? 'true' : null} onClick=${() => (xray.value = { traceKey: trace.start })}>
      <span class=${`method ${trace.method}`}>${trace.method}</span><span class="path">${shortPath(trace.path)}</span>
      <span class=${trace.status >= 400 || !trace.status ? 'code bad' : 'code'}>${trace.status || 'lost'}</span>
      <span class="took">${duration(trace.took)}</span></button></li>`)}</ol>`;
}

const shortPath = (path) => path.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, (id) => `…${id.slice(-4)}`);

/** How a chosen message came to this browser. */
function About({ message, origin }) {
  const how = {
    send: 'You sent it with this request.',
    event: 'It came over the socket, caused by the request below.',
    page: 'It was read from the history with this request.',
    'catch-up': 'It was caught up on with this request.',
  };
  const late = origin?.occurredAt && origin.receivedAt - new Date(origin.occurredAt);
  return html`<div class="xray-message"><p class="gist" dir="auto"><bdi><b>${nameOf(message.sender_id)}</b></bdi> ${gist(message)}</p>
    <p>${origin ? how[origin.how] : 'It is not known any more how it came here.'}
      ${late ? html` Received ${duration(Math.max(0, late))} after it happened, <span title="The two clocks may differ">by the clocks of server and browser</span>.` : ''}</p>
    ${origin?.how === 'event' && html`<p class="dim">Request <code>${origin.requestId}</code></p>`}
    <p class="dim">seq ${message.seq} · rev ${message.rev} · ${fullTime(message.created_at)}</p></div>`;
}

function Trace({ trace }) {
  const bars = waterfall(trace);
  const total = Math.max(...bars.map((bar) => bar.start + bar.dur), 0.1);
  const percent = (ms) => `${(100 * ms) / total}%`;
  const notes = trace.entries.filter((entry) => entry.dur === null);
  return html`<h3><span class=${`method ${trace.method}`}>${trace.method}</span> <code>${trace.path}</code> → ${trace.status || 'no answer'}</h3>
    <dl class="facts"><div><dt>Request</dt><dd><code>${trace.id || '—'}</code></dd></div>
      <div><dt>Passed through</dt><dd>${trace.entries.map(({ name }) => name).join(' → ') || '—'}</dd></div>
      ${notes.map(({ name, desc }) => html`<div key=${name}><dt>${name}</dt><dd>${desc || 'yes'}</dd></div>`)}</dl>
    <table class="waterfall"><caption class="hidden">Time by part</caption><tbody>
      ${bars.map((bar) => html`<tr key=${bar.name} class=${bar.kind}>
        <th scope="row">${bar.name}${bar.desc && html` <small>${bar.desc}</small>`}</th>
        <td class="lane"><span class="bar-fill" style=${{ marginInlineStart: percent(bar.start), width: percent(bar.dur) }}></span></td>
        <td class="took">${duration(bar.dur)}</td></tr>`)}
    </tbody></table>
    <p class="dim">The server tells how long each part took, not when it began: parts are drawn in the order they are named, inside the one that holds them.</p>`;
}

/**
 * Lays the entries out. The longest holds the others and is drawn in the middle of the round trip, or
 * earlier where an event was received before: no effect before its cause. The others follow one
 * another inside it as long as they fit, else they begin where it begins.
 * @returns {{name: string, desc: string, start: number, dur: number, kind: string}[]}
 */
function waterfall({ took, entries, events }) {
  const timed = entries.filter((entry) => entry.dur !== null);
  const outer = timed.reduce((most, entry) => (entry.dur > (most?.dur ?? -1) ? entry : most), null);
  const heardAt = Math.min(...events.map(({ after }) => after)); // Infinity if there was none
  const begin = outer ? Math.max(0, Math.min((took - outer.dur) / 2, heardAt - outer.dur)) : 0;
  let next = begin;
  const inside = timed.map((entry) => {
    const fits = outer && entry !== outer && next + entry.dur <= begin + outer.dur + 0.1;
    const start = fits ? next : begin;
    if (fits) next += entry.dur;
    return { ...entry, start, kind: entry === outer ? 'outer' : 'inner' };
  });
  const heard = events.map(({ type, after }) => ({ name: 'send to receipt', desc: type, start: 0, dur: Math.max(after, 0.1), kind: 'event' }));
  return [{ name: 'round trip', desc: 'as the browser saw it', start: 0, dur: took, kind: 'whole' }, ...inside, ...heard];
}
