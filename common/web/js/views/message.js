/** One message: who, when, what, in reply to what, reactions, and what one can do with it. */
import { html, useEffect, useRef } from '../lib.js';
import { isolated } from '../core/harmless.js';
import { limit } from '../model/system.js';
import { conversations } from '../model/conversations.js';
import { edit, messageById, remove, toggleReaction } from '../model/messages.js';
import { moderates, removeMessage } from '../model/moderation.js';
import { letGo } from '../model/outbox.js';
import { myId, nameOf } from '../model/people.js';
import { retry, setbacks } from '../model/sending.js';
import { Avatar } from './avatar.js';
import { Body } from './body.js';
import { Icon, IconButton } from './icon.js';
import { fullTime, gist, names, noticeText, timeOf } from './text.js';
import { attempt, confirm, dialog, editing, replyTo, toast, xray } from './ui.js';

const MARKS_SHOWN = 4;

export function Message({ message, head, context }) {
  const { active, setActive, marks, tabStop } = context;
  const key = message.client_id || message.id;
  const isActive = active === key;
  const tabindex = tabStop === key ? 0 : -1;
  if (message.kind === 'notice') {
    return html`<li class="message notice" data-row data-seq=${message.seq} data-key=${key} tabindex=${tabindex}>
      <span dir="auto">${noticeText(message.notice, message.sender_id)}</span> <time datetime=${message.created_at}
        title=${fullTime(message.created_at)}>${timeOf(message.created_at)}</time>
      <${ReadMarks} ids=${marks.get(message.seq)} /></li>`;
  }
  const activate = () => setActive(key);
  const classes = ['message', head && 'head', xray.value?.messageId === message.id && 'chosen', isActive && 'active'];
  return html`<li class=${classes.filter(Boolean).join(' ')} data-row data-seq=${message.seq} data-key=${key} tabindex=${tabindex}
      onMouseEnter=${activate} onFocusIn=${activate} onKeyDown=${(event) => onMessageKey(event, message)}>
    <${Side} message=${message} head=${head} />
    <div class="message-main">
      ${head && html`<${Head} message=${message} tab=${isActive ? 0 : -1} />`}
      ${message.reply_to && html`<${Quote} message=${message} context=${context} tab=${isActive ? 0 : -1} />`}
      <${Content} message=${message} />
      <${Reactions} message=${message} tab=${isActive ? 0 : -1} />
    </div>
    <${ReadMarks} ids=${marks.get(message.seq)} />
    ${isActive && !message.deleted_at && editing.value !== message.id && html`<${Actions} message=${message} />`}
  </li>`;
}

function Side({ message, head }) {
  if (head) return html`<${Avatar} id=${message.sender_id} />`;
  return html`<time class="side-time" datetime=${message.created_at} title=${fullTime(message.created_at)}>${timeOf(message.created_at)}</time>`;
}

function Head({ message: { sender_id, created_at }, tab = -1 }) {
  const show = () => (dialog.value = { name: 'person', id: sender_id });
  return html`<div class="message-head">
    <button type="button" class="author" dir="auto" tabindex=${tab} onClick=${show}>${nameOf(sender_id)}</button>
    <time datetime=${created_at} title=${fullTime(created_at)}>${timeOf(created_at)}</time>
  </div>`;
}

function Content({ message }) {
  if (message.deleted_at) return html`<div class="body deleted">This message was deleted</div>`;
  if (editing.value === message.id) return html`<${Editor} message=${message} />`;
  return html`<div class="said"><${Body} text=${message.body} />
    ${message.edited_at && html` <span class="edited" dir="ltr" title=${fullTime(message.edited_at)}>edited</span>`}</div>`;
}

/** What is replied to; choosing it goes there, however far away it is. */
function Quote({ message, context: { timeline, jump }, tab }) {
  const held = timeline.find(message.reply_to);
  const original = held || messageById(message.conversation_id, message.reply_to).value;
  return html`<button type="button" class="quote" tabindex=${tab} disabled=${!original} onClick=${() => jump(original.seq)}
      aria-label=${original ? `In reply to ${isolated(nameOf(original.sender_id))}: ${isolated(gist(original))} (go there)` : 'In reply to an earlier message'}>
    <${Icon} name="reply" />${original ? html`<b dir="auto">${nameOf(original.sender_id)}</b> <span dir="auto">${gist(original)}</span>` : '…'}
  </button>`;
}

function Reactions({ message, tab }) {
  if (!message.reactions.length) return null;
  return html`<div class="reactions">${message.reactions.map(({ emoji, user_ids }) => html`<button type="button" key=${emoji}
      class="reaction" tabindex=${tab} aria-pressed=${user_ids.includes(myId.value)} title=${names(user_ids, 10)}
      aria-label=${`${emoji} from ${names(user_ids, 10)}`} onClick=${() => react(message, emoji)}>
    <span>${emoji}</span>${user_ids.length}</button>`)}</div>`;
}

function ReadMarks({ ids }) {
  if (!ids) return null;
  return html`<span class="read-marks" role="img" aria-label=${`Read by ${names(ids, 10)}`} title=${`Read by ${names(ids, 10)}`}>
    ${ids.slice(0, MARKS_SHOWN).map((id) => html`<${Avatar} key=${id} id=${id} />`)}
    ${ids.length > MARKS_SHOWN && `+${ids.length - MARKS_SHOWN}`}</span>`;
}

const react = (message, emoji) => attempt(() => toggleReaction(message, emoji, myId.value));
const isMine = (message) => message.sender_id === myId.value;
const mayDelete = (message) => {
  const { kind, role } = conversations.value.get(message.conversation_id) || {};
  return isMine(message) || (kind === 'group' && role !== 'member');
};
const mayModerate = (message) => !mayDelete(message) && moderates();

const ACTIONS = {
  react: (message) => (dialog.value = { name: 'emoji', pick: (emoji) => react(message, emoji) }),
  reply: (message) => {
    replyTo.value = message;
    document.getElementById('composer')?.focus();
  },
  edit: (message) => isMine(message) && (editing.value = message.id),
  remove: (message) => mayDelete(message) && confirm('Delete this message?',
    'It disappears for everyone. A note that there was a message stays.', 'Delete', () => remove(message)),
  moderate: (message) => mayModerate(message) && (dialog.value = { name: 'reason', title: 'Remove this message?', label: 'Remove',
    text: 'It disappears for everyone, and your reason is kept.', run: (reason) => removeMessage(message, reason) }),
  xray: (message) => (xray.value = { messageId: message.id }),
};
const KEYS = { a: 'react', '+': 'react', r: 'reply', e: 'edit', Delete: 'remove', Backspace: 'remove', x: 'xray' };

function onMessageKey(event, message) {
  const action = ACTIONS[KEYS[event.key]];
  const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
  if (event.target !== event.currentTarget || message.deleted_at || !action || !plain) return;
  event.preventDefault();
  action(message);
}

function Actions({ message }) {
  const run = (name) => (event) => {
    event.currentTarget.closest('.message').focus(); // where a dialog puts the focus back to
    ACTIONS[name](message);
  };
  return html`<div class="actions" role="toolbar" aria-label="Message actions">
    <${IconButton} icon="smile" label="React (A)" onClick=${run('react')} />
    <${IconButton} icon="reply" label="Reply (R)" onClick=${run('reply')} />
    ${isMine(message) && html`<${IconButton} icon="edit" label="Edit (E)" onClick=${run('edit')} />`}
    ${mayDelete(message) && html`<${IconButton} icon="trash" label="Delete (Del)" onClick=${run('remove')} />`}
    ${mayModerate(message) && html`<${IconButton} icon="trash" label="Remove as a moderator" onClick=${run('moderate')} />`}
    <${IconButton} icon="pulse" label="X-ray (X)" onClick=${run('xray')} />
  </div>`;
}

function Editor({ message }) {
  const field = useRef();
  const close = () => {
    editing.value = null;
    document.getElementById('composer')?.focus();
  };
  const save = async () => {
    const body = field.current.value.trim();
    if (!body) return void toast('A message needs some text. To take it back, delete it.', true);
    if (body === message.body || await attempt(() => edit(message, body))) close();
  };
  const onKeyDown = (event) => {
    event.stopPropagation();
    if (event.key === 'Escape') close();
    if (event.key !== 'Enter' || event.shiftKey) return;
    event.preventDefault();
    save();
  };
  useEffect(() => {
    field.current.focus();
    field.current.setSelectionRange(-1, -1);
  }, []);
  return html`<div class="editor">
    <textarea ref=${field} aria-label="Edit message" dir="auto" rows=${Math.min(10, message.body.split('\n').length + 1)}
      maxlength=${limit('message_body_max', 4000)} onKeyDown=${onKeyDown}>${message.body}</textarea>
    <div class="row"><button type="button" onClick=${close}>Cancel</button>
    <button type="button" class="primary" onClick=${save}>Save</button></div>
  </div>`;
}

/** A message on its way, or one that will not get there as it is. */
export function Pending({ entry, head }) {
  const setback = setbacks.value.get(entry.client_id);
  return html`<li class=${`message pending ${head ? 'head' : ''} ${entry.failed ? 'failed' : ''}`} data-row data-key=${entry.client_id} tabindex="-1">
    ${head ? html`<${Avatar} id=${myId.value} />` : html`<span class="side-time"></span>`}
    <div class="message-main">
      ${head && html`<${Head} message=${{ ...entry, sender_id: myId.value }} />`}
      <div class="said"><${Body} text=${entry.body} /></div>
      <div class="status" role="status">${entry.failed
        ? html`<${Icon} name="warn" /> Not sent. ${entry.failed}
            <button type="button" class="link" onClick=${() => retry(entry)}>Try again</button>`
        : html`<${Icon} name="clock" /> ${setback ? `${setback.message} It will be sent as soon as possible.` : 'Sending…'}`}
        ${(entry.failed || setback) && html`<button type="button" class="link" onClick=${() => letGo(entry)}>Discard</button>`}
      </div>
    </div>
  </li>`;
}
