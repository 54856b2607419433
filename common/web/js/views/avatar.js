/** Pictures generated from an id: the same person looks the same in every browser and every phase. */
import { html } from '../lib.js';
import { nameOf, presenceOf } from '../model/people.js';

/** White text is readable on all of them (contrast of at least 4.5). */
const COLOURS = ['#b4235a', '#93389f', '#6a4bc4', '#3f5bd0', '#1f6a9e', '#0f6f73',
  '#1c7345', '#56690f', '#8a5a08', '#a8480f', '#bb352a', '#59616d'];

/** FNV-1a, 32 bits: ids that differ in one digit look different. */
function hash(text) {
  let value = 0x811c9dc5;
  for (const char of text) value = Math.imul(value ^ char.charCodeAt(0), 0x01000193) >>> 0;
  return value;
}

function initials(name) {
  const words = name.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
  const first = words.length > 1 ? [words[0], words.at(-1)] : words;
  return first.map((word) => [...word][0]).join('').toLocaleUpperCase();
}

function Picture({ id, name, square }) {
  const n = hash(id);
  const [x, y, r] = [(n >> 4) % 40, (n >> 10) % 40, 14 + ((n >> 16) % 12)];
  return html`<svg class="picture" viewBox="0 0 40 40" aria-hidden="true">
    <rect class=${square ? 'square' : 'round'} width="40" height="40" fill=${COLOURS[n % COLOURS.length]} />
    <circle cx=${x} cy=${y} r=${r} fill="#000" opacity="0.16" />
    <circle cx=${40 - y} cy=${x} r=${r / 2} fill="#000" opacity="0.12" />
    <text x="20" y="21" fill="#fff">${initials(name)}</text>
  </svg>`;
}

/** A person; with `presence`, a dot that tells whether he is here. */
export function Avatar({ id, presence = false }) {
  const online = presence && presenceOf(id).value;
  return html`<span class="avatar">
    <${Picture} id=${id} name=${nameOf(id)} />
    ${presence && html`<span class=${`dot ${online ? 'online' : ''}`} title=${online ? 'Online' : 'Away'}></span>`}
  </span>`;
}

export function GroupAvatar({ id, name }) {
  return html`<span class="avatar"><${Picture} id=${id} name=${name} square /></span>`;
}
