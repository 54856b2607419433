/** What becomes of one's data: taking it along, and having it deleted. */
import { html, useEffect, useState } from '../lib.js';
import { announceLeaving, end, forgetPerson } from '../core/session.js';
import { askForDeletion, askForExport, lastExport, readJob, saveExport } from '../model/jobs.js';
import { myId } from '../model/people.js';
import { Modal } from './modal.js';
import { fullTime } from './text.js';
import { attempt, dialog } from './ui.js';

const LOOK_EVERY_MS = 1000;

export function Account() {
  const [job, setJob] = useState(null);
  const over = !job || job.finished_at;
  useEffect(() => void attempt(async () => setJob(await lastExport())), []);
  useEffect(() => {
    if (over) return undefined;
    const timer = setTimeout(() => attempt(async () => setJob(await readJob(job.id))), LOOK_EVERY_MS);
    return () => clearTimeout(timer);
  }, [job]);
  return html`<fieldset><legend><b>Your data</b></legend>
    ${!over && html`<p role="status"><label>Exporting… <progress max="100" value=${job.progress}>${job.progress} %</progress></label></p>`}
    ${job?.state === 'done' && Date.parse(job.expires_at) > Date.now() && html`<p>
      <button type="button" class="link" onClick=${() => attempt(() => saveExport(job.id))}>Download the export</button>
      <small class="dim"> until ${fullTime(job.expires_at)}</small></p>`}
    ${job?.state === 'failed' && html`<p class="error" role="alert">The export has failed. Try again.</p>`}
    <div class="row spread">
      <button type="button" disabled=${!over} onClick=${() => attempt(async () => setJob(await askForExport()))}>Export my data</button>
      <button type="button" class="danger" onClick=${() => (dialog.value = { name: 'deletion' })}>Delete my account…</button></div>
  </fieldset>`;
}

export function Deletion() {
  const [problem, setProblem] = useState(null);
  const remove = async (event) => {
    event.preventDefault();
    try {
      await askForDeletion(new FormData(event.target).get('password'));
    } catch (failed) {
      return void setProblem(failed);
    }
    announceLeaving();
    forgetPerson(myId.value);
    end('You are logged out for good. Your account is being deleted.');
  };
  return html`<${Modal} title="Delete your account?"><form onSubmit=${remove}>
    <p>Your messages become empty places, you leave your groups, and your profile goes. Nobody can undo this.</p>
    <label class="field"><span>Your password</span><input name="password" type="password" autocomplete="current-password" required /></label>
    ${problem && html`<p class="error" role="alert">${problem.slug === 'invalid-request' ? 'This is not your password.' : problem.words}</p>`}
    <div class="row"><button type="button" onClick=${() => (dialog.value = { name: 'me' })}>Cancel</button>
      <button type="submit" class="danger">Delete for ever</button></div>
  </form><//>`;
}
