/** The dialogs of moderators: giving a reason, and the trail of what was done. */
import { html, useEffect, useState } from '../lib.js';
import { nameOf } from '../model/people.js';
import { restore, trail } from '../model/moderation.js';
import { Modal } from './modal.js';
import { fullTime } from './text.js';
import { attempt, dialog } from './ui.js';

const REASON_MAX = 500;
const close = () => (dialog.value = null);

/** Asks why, and goes on only with an answer. */
export function Reason({ title, text, label, run }) {
  const [reason, setReason] = useState('');
  const [busy, setBusy] = useState(false);
  const act = async (event) => {
    event.preventDefault();
    setBusy(true);
    if (await attempt(() => run(reason.trim()))) close();
    else setBusy(false);
  };
  return html`<${Modal} title=${title}><form onSubmit=${act}>
    <p>${text}</p>
    <label class="field"><span>Reason</span>
      <input value=${reason} dir="auto" maxlength=${REASON_MAX} onInput=${(event) => setReason(event.target.value)} /></label>
    <div class="row"><button type="button" onClick=${close}>Cancel</button>
      <button type="submit" class="danger" disabled=${busy || !reason.trim()}>${label}</button></div>
  </form><//>`;
}

const WORDS = { 'remove-message': 'removed a message of', suspend: 'suspended', restore: 'restored' };

export function Trail() {
  const [actions, setActions] = useState(null);
  useEffect(() => void attempt(async () => setActions(await trail())), []);
  const again = (userId) => (dialog.value = { name: 'reason', title: `Restore ${nameOf(userId)}?`, label: 'Restore',
    text: 'This person can log in again.', run: (reason) => restore(userId, reason) });
  return html`<${Modal} title="What moderators did">
    ${!actions && html`<p class="hint" role="status">Loading…</p>`}
    ${actions && !actions.length && html`<p class="hint">Nothing yet.</p>`}
    <ul>${(actions || []).map(({ id, actor_id, action, user_id, reason, created_at }) => html`<li key=${id}><p>
      <b dir="auto">${nameOf(actor_id)}</b> ${WORDS[action] || `gave the role ${action.replace('role-', '')} to`} <b dir="auto">${nameOf(user_id)}</b>,
      <time datetime=${created_at}> ${fullTime(created_at)}</time>: <span dir="auto">${reason}</span>
      ${action === 'suspend' && html` <button type="button" class="link" onClick=${() => again(user_id)}>Restore…</button>`}</p></li>`)}</ul>
  <//>`;
}
