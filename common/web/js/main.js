/** Where it begins. */
import { html, render } from './lib.js';
import { loadSystem } from './model/system.js';
import { App } from './views/app.js';

const place = document.getElementById('app');
place.replaceChildren();
render(html`<${App} />`, place);
loadSystem().catch(() => {}); // only names and limits, which have defaults
