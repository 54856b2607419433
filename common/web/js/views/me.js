/** Oneself: the profile to edit, the theme, and the ways to log out. */
import { html, useState } from '../lib.js';
import * as api from '../core/api.js';
import { announceLeaving, end, forgetPerson } from '../core/session.js';
import { seesDeadLetters } from '../model/dead-letters.js';
import { hasJobs } from '../model/jobs.js';
import { moderates } from '../model/moderation.js';
import { notifies } from '../model/notifications.js';
import { outbox } from '../model/outbox.js';
import { me, myId, saveProfile } from '../model/people.js';
import { limit } from '../model/system.js';
import { Account } from './account.js';
import { Avatar } from './avatar.js';
import { Modal } from './modal.js';
import { plural } from './text.js';
import { attempt, confirm, dialog, toast } from './ui.js';

const THEMES = [['auto', 'As the system'], ['light', 'Light'], ['dark', 'Dark']];

export function Me() {
  const [problem, setProblem] = useState(null);
  const save = async (event) => {
    event.preventDefault();
    const { display_name, bio } = Object.fromEntries(new FormData(event.target));
    try {
      await saveProfile({ display_name: display_name.trim(), bio: bio.trim() });
      setProblem(null);
      toast('Your profile is saved.');
    } catch (failed) {
      setProblem(failed);
    }
  };
  return html`<${Modal} title="You">
    <div class="card">${myId.value && html`<${Avatar} id=${myId.value} presence />`}<p class="dim">@${me.value?.username}</p></div>
    <form onSubmit=${save}>
      <label class="field"><span>Name</span><input name="display_name" required dir="auto" value=${me.value?.display_name} maxlength=${limit('display_name_max', 64)} /></label>
      <label class="field"><span>About you</span><textarea name="bio" rows="3" dir="auto" maxlength=${limit('bio_max', 500)}>${me.value?.bio}</textarea></label>
      ${problem && html`<p class="error" role="alert">${problem.words}</p>`}
      <div class="row"><button type="submit" class="primary">Save</button></div>
    </form>
    <${Theme} />
    ${notifies() && html`<p><button type="button" class="link" onClick=${() => (dialog.value = { name: 'preferences' })}>Notifications: preferences…</button></p>`}
    ${hasJobs() && html`<${Account} />`}
    ${moderates() && html`<button type="button" class="link" onClick=${() => (dialog.value = { name: 'trail' })}>What moderators did</button>`}
    ${seesDeadLetters() && html`<p><button type="button" class="link" onClick=${() => (dialog.value = { name: 'deadLetters' })}>Dead letters</button></p>`}
    <div class="row spread"><button type="button" onClick=${() => leave('/auth/logout', 'Log out')}>Log out</button>
      <button type="button" class="danger" onClick=${() => leave('/auth/logout-all', 'Log out everywhere')}>Log out everywhere</button></div>
  <//>`;
}

function Theme() {
  const [theme, setTheme] = useState(localStorage.getItem('chat.theme') || 'auto');
  const choose = (next) => {
    setTheme(next);
    localStorage.setItem('chat.theme', next);
    if (next === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
  };
  return html`<fieldset class="segmented"><legend>Theme</legend>${THEMES.map(([value, label]) => html`<label key=${value}>
    <input type="radio" name="theme" value=${value} checked=${theme === value} onChange=${() => choose(value)} /><span>${label}</span></label>`)}</fieldset>`;
}

/** Leaves nothing behind in this browser; asks first if something has not been sent. */
function leave(path, label) {
  const go = async () => {
    announceLeaving();
    await api.post(path);
    forgetPerson(myId.value);
    end('You are logged out.');
  };
  const unsent = outbox.value.length;
  if (!unsent) return void attempt(go);
  confirm(`${plural(unsent, 'message')} not sent`, 'What has not been sent is lost if you log out now.', label, go);
}
