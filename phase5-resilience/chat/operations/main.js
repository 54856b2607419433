/** Asks every two seconds, and draws. */

import { History, KEPT, parse } from './web/dashboard/history.js';
import { Card } from './web/dashboard/draw.js';

const HTTP = 'chat_http_request_duration_seconds';

const plain = (value) => (value < 10 && value % 1 ? value.toFixed(1) : Math.round(value).toLocaleString('en'));
const time = (value) => (value < 1 ? `${+(value * 1000).toPrecision(3)} ms` : `${+value.toPrecision(3)} s`);
const share = (value) => `${Math.round(value * 1000) / 10} %`;

const gauge = (name) => (w) => w.value(name);
const rate = (...what) => (w) => w.rate(...what);
const quantile = (...what) => (w) => w.quantile(...what);
const asked = (labels) => !['/healthz', '/readyz'].includes(labels.route);
const answered = (digit) => rate(`${HTTP}_count`, (labels) => asked(labels) && labels.status[0] === digit);
const refused = (...types) => rate('chat_problems_total', (labels) => types.includes(labels.type));
const waited = (resource) => quantile(0.99, 'chat_wait_seconds', (labels) => labels.resource === resource);
const hits = (kind) => (w) => w.increase('chat_cache_documents_total', (l) => l.kind === kind && l.outcome === 'hit') /
  w.increase('chat_cache_documents_total', (l) => l.kind === kind);

const CARDS = [
  new Card('Requests per second', plain, { fine: answered('2'), 'client errors': answered('4') }),
  new Card('Server errors per second', plain, { '5xx': answered('5'), busy: refused('busy', 'overloaded') }),
  new Card('Latency', time, { p50: quantile(0.5, HTTP, asked), p95: quantile(0.95, HTTP, asked), p99: quantile(0.99, HTTP, asked) }),
  new Card('Cache hits', share, { conversations: hits('conversation'), profiles: hits('profile') }, 1),
  new Card('Database connections', plain, { 'in use': gauge('chat_database_connections_in_use'), most: gauge('chat_database_connections_max') }),
  new Card('Waiting, p99', time, { connection: waited('connection'), password: waited('password hash') }),
];
const history = new History();

function tell(state, words, dependencies = {}) {
  document.body.className = state;
  document.querySelector('#state').textContent = words;
  document.querySelector('#parts').textContent = Object.entries(dependencies)
    .map(([name, { state: is, ms }]) => `${name}: ${is}, ${ms} ms`).join(' · ');
}

async function look(at) {
  const asking = { signal: AbortSignal.timeout(5000) };
  const [metrics, ready] = await Promise.all([fetch('metrics', asking), fetch('readyz', asking)]);
  const { status, reason, dependencies } = await ready.json();
  const window = history.add(at, parse(await metrics.text()));
  tell(status, reason ?? status, dependencies);
  return window;
}

async function go() {
  const at = performance.now() / 1000;
  const window = await look(at).catch(() => { tell('away', 'the server does not answer'); return null; });
  CARDS.forEach((card) => card.add(at, KEPT, window));
  setTimeout(go, 2000);
}

document.querySelector('main').append(...CARDS.map((card) => card.root));
go();
