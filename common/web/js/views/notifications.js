/** The dialog with what is meant for oneself, and the preferences about it. */
import { html, useEffect, useState } from '../lib.js';
import { conversations, titleOf } from '../model/conversations.js';
import { loadNotifications, loadPreferences, notifications, readNotifications, savePreferences } from '../model/notifications.js';
import { nameOf } from '../model/people.js';
import { Avatar } from './avatar.js';
import { Modal } from './modal.js';
import { fullTime, shortTime } from './text.js';
import { attempt, dialog, go, toast } from './ui.js';

export function Notifications() {
  useEffect(() => void attempt(loadNotifications), []);
  const { items, unread } = notifications.value;
  return html`<${Modal} title="Notifications">
    ${!items.length && html`<p class="hint">Nothing yet. Direct messages and mentions of you appear here.</p>`}
    <ul class="notifications">${items.map((one) => html`<li key=${one.id}><${Notification} ...${one} /></li>`)}</ul>
    <div class="row spread"><button type="button" class="link" onClick=${() => (dialog.value = { name: 'preferences' })}>Preferences…</button>
      <button type="button" disabled=${!unread} onClick=${() => attempt(readNotifications)}>Mark all as read</button></div>
  <//>`;
}

/** Leads to the conversation; reading that is what marks it. */
function Notification({ kind, conversation_id, sender_id, created_at, read_at }) {
  const conversation = conversations.value.get(conversation_id);
  const where = kind === 'direct' ? 'wrote to you' : html`mentioned you in <bdi>${conversation ? titleOf(conversation) : 'a group'}</bdi>`;
  const open = () => {
    dialog.value = null;
    go(conversation_id);
  };
  return html`<button type="button" class=${`item ${read_at ? '' : 'unread'}`} onClick=${open}><${Avatar} id=${sender_id} />
    <span class="item-text"><span class="item-line"><span class="item-title" dir="auto">${nameOf(sender_id)}</span>
      <time datetime=${created_at} title=${fullTime(created_at)}>${shortTime(created_at)}</time></span>
    <span class="item-preview">${where}${!read_at && html`<span class="hidden">, unread</span>`}</span></span></button>`;
}

export function Preferences() {
  const [wishes, setWishes] = useState(null);
  const [problem, setProblem] = useState(null);
  useEffect(() => void attempt(async () => setWishes(await loadPreferences())), []);
  const save = async (event) => {
    event.preventDefault();
    const given = new FormData(event.target);
    const [mentions, direct, digest] = ['mentions', 'direct', 'digest'].map((name) => given.has(name));
    try {
      await savePreferences({ mentions, direct, digest, email: given.get('email').trim() });
      dialog.value = null;
      toast('Your preferences are saved.');
    } catch (failed) {
      setProblem(failed);
    }
  };
  const box = (name, label) => html`<label class="check"><input type="checkbox" name=${name} checked=${wishes[name]} /> ${label}</label>`;
  return html`<${Modal} title="Notifications: preferences">
    ${!wishes && html`<p class="hint" role="status">Loading…</p>`}
    ${wishes && html`<form onSubmit=${save}>
      ${box('direct', 'Notify me of direct messages')} ${box('mentions', 'Notify me when somebody mentions me')}
      ${box('digest', 'Mail me about what I have not read for a while')}
      <label class="field"><span>E-mail address <small>who wrote and where; never what</small></span>
        <input type="email" name="email" maxlength="254" autocomplete="email" value=${wishes.email} /></label>
      ${problem && html`<p class="error" role="alert">${problem.words}</p>`}
      <div class="row"><button type="submit" class="primary">Save</button></div>
    </form>`}
  <//>`;
}
