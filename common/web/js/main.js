/** Where it begins: draws the page, and starts what runs behind it once somebody is logged in. */
import { html, render } from './lib.js';
import { loadConversations } from './model/conversations.js';
import { startOutbox } from './model/outbox.js';
import { startRealtime } from './model/realtime.js';
import { loadSystem } from './model/system.js';
import { announceNews } from './views/announce.js';
import { App } from './views/app.js';

let started = false;

function start() {
  if (started) return;
  started = true;
  startOutbox();
  announceNews();
  loadConversations().catch(() => {}); // the list itself shows the problem
  startRealtime();
}

render(html`<${App} onLogin=${start} />`, document.getElementById('app'));
loadSystem().catch(() => {}); // only names and limits, which have defaults
