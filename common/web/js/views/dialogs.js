/** The dialogs about conversations and people, by name. Loaded when the first one opens. */
import { html, useState } from '../lib.js';
import * as api from '../core/api.js';
import { createConversation } from '../model/conversations.js';
import { myId, nameOf, profileOf } from '../model/people.js';
import { loadMembers, membersOf } from '../model/rooms.js';
import { limit } from '../model/system.js';
import { moderates, suspend } from '../model/moderation.js';
import { Deletion } from './account.js';
import { startDirect } from './actions.js';
import { Avatar } from './avatar.js';
import { DeadLetters } from './dead-letters.js';
import { Emoji } from './emoji.js';
import { Me } from './me.js';
import { Reason, Trail } from './moderation.js';
import { Modal } from './modal.js';
import { Notifications, Preferences } from './notifications.js';
import { PeoplePicker } from './picker.js';
import { attempt, dialog, go } from './ui.js';

const DIALOGS = { new: NewConversation, add: AddMembers, person: Person, confirm: Confirm, reason: Reason, trail: Trail, deadLetters: DeadLetters, notifications: Notifications, preferences: Preferences, shortcuts: Shortcuts, emoji: Emoji, me: Me, deletion: Deletion };

export function Dialogs() {
  const open = dialog.value;
  return open && html`<${DIALOGS[open.name]} key=${open.name} ...${open} />`;
}

const close = () => (dialog.value = null);

/** One person without a name makes a direct conversation, everything else a group. */
function NewConversation() {
  const [chosen, setChosen] = useState([]);
  const [name, setName] = useState('');
  const direct = chosen.length === 1 && !name.trim();
  const create = async (event) => {
    event.preventDefault();
    if (direct) return void startDirect(chosen[0]);
    await attempt(async () => {
      const { id } = await createConversation({ kind: 'group', name: name.trim(), member_ids: chosen });
      close();
      go(id);
    });
  };
  return html`<${Modal} title="New conversation"><form onSubmit=${create}>
    <${PeoplePicker} chosen=${chosen} onChange=${setChosen} />
    <label class="field"><span>Group name ${chosen.length < 2 && html`<small>leave empty to talk with one person</small>`}</span>
      <input value=${name} dir="auto" maxlength=${limit('group_name_max', 80)} onInput=${(event) => setName(event.target.value)} /></label>
    <div class="row"><button type="button" onClick=${close}>Cancel</button>
      <button type="submit" class="primary" disabled=${!direct && !name.trim()}>${direct ? 'Start talking' : 'Create group'}</button></div>
  </form><//>`;
}

function AddMembers({ id }) {
  const [chosen, setChosen] = useState([]);
  const add = (event) => {
    event.preventDefault();
    attempt(async () => {
      await api.post(`/conversations/${id}/members`, { user_ids: chosen });
      close();
      await loadMembers(id);
    });
  };
  return html`<${Modal} title="Add people"><form onSubmit=${add}>
    <${PeoplePicker} chosen=${chosen} onChange=${setChosen} without=${new Set(membersOf(id).value?.keys())} />
    <div class="row"><button type="button" onClick=${close}>Cancel</button>
      <button type="submit" class="primary" disabled=${!chosen.length}>Add</button></div>
  </form><//>`;
}

function Person({ id }) {
  const person = profileOf(id).value;
  return html`<${Modal} title=${nameOf(id)}><div class="card">
    <${Avatar} id=${id} presence />
    <p class="dim">@${person?.username}</p>
    ${person?.bio && html`<p class="bio" dir="auto">${person.bio}</p>`}
    ${id !== myId.value ? html`<button type="button" class="primary" onClick=${() => startDirect(id)}>Send a message</button>`
      : html`<button type="button" onClick=${() => (dialog.value = { name: 'me' })}>Edit your profile</button>`}
    ${moderates() && id !== myId.value && html`<button type="button" class="danger" onClick=${() => (dialog.value = {
      name: 'reason', title: `Suspend ${nameOf(id)}?`, label: 'Suspend',
      text: 'Every login ends, and no other begins. What was written stays.', run: (reason) => suspend(id, reason) })}>Suspend…</button>`}
  </div><//>`;
}

function Confirm({ title, text, label, run }) {
  const [busy, setBusy] = useState(false);
  const act = async () => {
    setBusy(true);
    if (await attempt(run)) close();
    setBusy(false);
  };
  return html`<${Modal} title=${title}><p dir="auto">${text}</p>
    <div class="row"><button type="button" autofocus onClick=${close}>Cancel</button>
      <button type="button" class="primary danger" disabled=${busy} onClick=${act}>${label}</button></div><//>`;
}

const SHORTCUTS = [
  ['Search, or go to a conversation', 'Ctrl K'],
  ['Next or previous conversation', 'Alt ↓ / Alt ↑'],
  ['From the field into the messages', 'Shift Tab'],
  ['From message to message', '↑ / ↓'],
  ['Reply · react · edit · delete · x-ray a message', 'R · A · E · Del · X'],
  ['Edit your last message (in the empty field)', '↑'],
  ['Send · new line', 'Enter · Shift Enter'],
  ['Open or close the x-ray', 'Alt X'],
  ['Close what is open', 'Esc'],
];

function Shortcuts() {
  return html`<${Modal} title="Keyboard shortcuts"><dl class="shortcuts">
    ${SHORTCUTS.map(([what, keys]) => html`<div key=${what}><dt>${what}</dt><dd><kbd>${keys}</kbd></dd></div>`)}
  </dl><//>`;
}
