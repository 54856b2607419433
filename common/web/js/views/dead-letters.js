/** The dialog of admins: what was put aside, to try again or to give up. */
import { html, useEffect, useState } from '../lib.js';
import { deadLetters, drop, replay } from '../model/dead-letters.js';
import { Modal } from './modal.js';
import { fullTime, plural } from './text.js';
import { attempt, toast } from './ui.js';

export function DeadLetters() {
  const [letters, setLetters] = useState(null);
  const [sure, setSure] = useState('');
  const load = () => attempt(async () => setLetters(await deadLetters()));
  useEffect(() => void load(), []);
  const act = async (does, id, words) => {
    if (await attempt(() => does(id))) toast(words);
    setSure('');
    await load();
  };
  return html`<${Modal} title="Dead letters">
    <p class="dim">Events that some part of the system could not deal with. Mend the cause, then replay.</p>
    ${!letters && html`<p class="hint" role="status">Loading…</p>`}
    ${letters && !letters.length && html`<p class="hint">There are none.</p>`}
    <ul>${(letters || []).map(({ id, queue, reason, attempts, first_failed_at, type, request_id }) => html`<li key=${id}>
      <p><b>${queue}</b> · ${type || 'no event'} · ${plural(attempts, 'attempt')}${first_failed_at && html`, first <time datetime=${first_failed_at}>${fullTime(first_failed_at)}</time>`}<br />
        <span dir="auto">${reason}</span>${request_id && html`<br /><span class="dim">Request <code>${request_id}</code></span>`}</p>
      <p><button type="button" class="link" onClick=${() => act(replay, id, 'It is on its way.')}>Replay</button>
        ${sure === id ? html` <button type="button" class="link danger" onClick=${() => act(drop, id, 'It is gone.')}>Drop it for good</button>`
          : html` <button type="button" class="link" onClick=${() => setSure(id)}>Drop…</button>`}</p></li>`)}</ul>
  <//>`;
}
