/** Choosing people: those one talks with already, a search for others, and those already chosen. */
import { html, useEffect, useRef, useState } from '../lib.js';
import { isolated } from '../core/harmless.js';
import { ordered } from '../model/conversations.js';
import { myId, nameOf, profileOf, searchPeople } from '../model/people.js';
import { Avatar } from './avatar.js';
import { Icon } from './icon.js';
import { moveFocus } from './keys.js';
import { attempt } from './ui.js';

const TYPING_MS = 200;

/** @param {{chosen: string[], onChange: (ids: string[]) => void, without?: Set<string>}} props */
export function PeoplePicker({ chosen, onChange, without = new Set() }) {
  const [query, setQuery] = useState('');
  const [page, setPage] = useState({ items: null, next_cursor: null });
  const latest = useRef();
  const search = (cursor) => attempt(async () => {
    const found = await searchPeople(query.trim(), cursor);
    if (latest.current === query) setPage((old) => ({ ...found, items: cursor ? [...old.items, ...found.items] : found.items }));
  });
  useEffect(() => {
    latest.current = query;
    if (!query.trim()) return void setPage({ items: acquaintances(), next_cursor: null });
    const timer = setTimeout(search, TYPING_MS);
    return () => clearTimeout(timer);
  }, [query]);
  const toggle = (id) => onChange(chosen.includes(id) ? chosen.filter((other) => other !== id) : [...chosen, id]);
  const people = page.items?.filter(({ id }) => id !== myId.value && !without.has(id));

  return html`<div class="picker" onKeyDown=${(event) => moveFocus(event, '.picker input')}>
    ${chosen.length > 0 && html`<div class="chips">${chosen.map((id) => html`<button type="button" key=${id} class="chip"
      aria-label=${`Take ${isolated(nameOf(id))} off`} onClick=${() => toggle(id)}><${Avatar} id=${id} /> <span dir="auto">${nameOf(id)}</span> <${Icon} name="close" /></button>`)}</div>`}
    <label class="search"><${Icon} name="search" /><input type="search" autofocus placeholder="Search people by name" aria-label="Search people by name"
      autocomplete="off" value=${query} onInput=${(event) => setQuery(event.target.value)} /></label>
    <ul class="results" aria-label="People">
      ${people?.map(({ id, username }) => html`<li key=${id}><label class="item">
        <${Avatar} id=${id} /><span class="item-text"><span class="item-title" dir="auto">${nameOf(id)}</span><span class="item-preview">@${username}</span></span>
        <input type="checkbox" checked=${chosen.includes(id)} onChange=${() => toggle(id)} /></label></li>`)}
      ${page.next_cursor && html`<li><button type="button" class="link" onClick=${() => search(page.next_cursor)}>More people</button></li>`}
    </ul>
    <p class="hint" role="status">${!people ? 'Searching…' : !people.length && (query.trim() ? 'No person has this name.' : 'Type the beginning of a name.')}</p>
  </div>`;
}

const acquaintances = () => ordered.value.map(({ peer_id }) => peer_id && profileOf(peer_id).value).filter(Boolean);
