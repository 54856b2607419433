/** Asks every two seconds, and draws. */

import { parse } from './exposition.js';
import { History, KEPT } from './history.js';
import { Card } from './draw.js';

const EVERY = 2000;
const PATIENCE = 5000;
const HTTP = 'chat_http_request_duration_seconds';
const PROBES = ['/healthz', '/readyz'];

const dash = (word) => (value) => (Number.isFinite(value) ? word(value) : '–');
const plain = dash((value) => (value < 10 && value % 1 ? value.toFixed(1) : Math.round(value).toLocaleString('en')));
const time = dash((value) => (value < 1 ? `${(value * 1000).toPrecision(3)} ms` : `${value.toPrecision(3)} s`));
const share = dash((value) => `${(value * 100).toFixed(value < 0.1 ? 1 : 0)} %`);
const ofClass = (digit) => (w) => w.rate(`${HTTP}_count`, (l) => l.status[0] === digit && !PROBES.includes(l.route));
const latency = (q) => (w) => w.quantile(q, HTTP, (l) => !PROBES.includes(l.route));
const wait = (resource) => (w) => w.quantile(0.99, 'chat_wait_seconds', (l) => l.resource === resource);
const receipt = (q) => (w) => w.quantile(q, 'chat_send_to_receipt_seconds');
const hits = (kind) => (w) => {
  const sought = (l) => l.kind === kind;
  return w.increase('chat_cache_documents_total', (l) => sought(l) && l.outcome === 'hit') /
    w.increase('chat_cache_documents_total', sought);
};

const CARDS = [
  { title: 'Requests per second', unit: plain, lines: { ok: ofClass('2'), 'client errors': ofClass('4'), redirects: ofClass('3') } },
  { title: 'Server errors per second', unit: plain, lines: { '5xx': ofClass('5') } },
  { title: 'Latency', unit: time, lines: { p50: latency(0.5), p99: latency(0.99), p95: latency(0.95) } },
  { title: 'Cache: share of hits', unit: share, top: 1, lines: { conversations: hits('conversation'), profiles: hits('profile') } },
  { title: 'Database connections', unit: plain, lines: { 'in use': (w) => w.value('chat_database_connections_in_use'), most: (w) => w.value('chat_database_connections_max') } },
  { title: 'Waiting, p99', unit: time, lines: { connection: wait('connection'), 'write lock': wait('write lock'), password: wait('password hash') } },
  { title: 'Statements per second', unit: plain, lines: { statements: (w) => w.rate('chat_database_statements_total') } },
  { title: 'Sockets', unit: plain, lines: { open: (w) => w.value('chat_sockets_open'), 'refused/s': (w) => w.rate('chat_sockets_refused_total') } },
  { title: 'Messages per second', unit: plain, lines: { accepted: (w) => w.rate('chat_messages_accepted_total'), 'events delivered': (w) => w.rate('chat_events_delivered_total') } },
  { title: 'Send to receipt', unit: time, lines: { p50: receipt(0.5), p99: receipt(0.99) } },
  { title: 'In flight', unit: plain, lines: { requests: (w) => w.value('chat_http_requests_in_flight') } },
  { title: 'Processor, of one core', unit: share, lines: { used: (w) => w.rate('process_cpu_seconds_total') } },
].map((one) => new Card(document.querySelector('#card'), one));

const history = new History();

async function fetched(path) {
  return fetch(path, { signal: AbortSignal.timeout(PATIENCE), cache: 'no-store' });
}

function tell(state, words) {
  const place = document.querySelector('#state');
  place.className = state;
  if (place.textContent !== words) place.textContent = words;
  document.body.classList.toggle('away', state === 'away');
}

function tellParts(dependencies) {
  document.querySelector('#parts').replaceChildren(...Object.entries(dependencies).map(([name, one]) => {
    const item = document.createElement('li');
    item.className = one.state;
    item.textContent = `${name}: ${one.state}, ${one.ms} ms`;
    return item;
  }));
}

async function look() {
  const at = performance.now() / 1000;
  try {
    const [metrics, ready] = await Promise.all([fetched('metrics'), fetched('readyz')]);
    if (!metrics.ok) throw new Error(metrics.statusText);
    const now = parse(await metrics.text());
    const window = history.add(at, now);
    const { status, reason, dependencies } = await ready.json();
    const [build] = now.get('chat_build_info').values();
    document.querySelector('#build').textContent = `step ${build.labels.step}, ${build.labels.version}`;
    tell(status, window ? reason ?? status : 'no data yet');
    tellParts(dependencies);
    CARDS.forEach((card) => card.add(at, KEPT, window));
  } catch {
    tell('away', 'the server does not answer');
    CARDS.forEach((card) => card.add(at, KEPT, null));
  }
  setTimeout(look, EVERY);
}

document.querySelector('#cards').append(...CARDS.map((card) => card.root));
look();
