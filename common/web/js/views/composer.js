/** Where one writes. What is written is kept as a draft, per person and conversation, until it is sent. */
import { html, useEffect, useLayoutEffect, useRef, useState } from '../lib.js';
import { isolated } from '../core/harmless.js';
import { forget, load, save } from '../core/storage.js';
import { limit } from '../model/system.js';
import { titleOf } from '../model/conversations.js';
import { myId, nameOf } from '../model/people.js';
import { sayTyping } from '../model/realtime.js';
import { heldTimeline } from '../model/rooms.js';
import { submit } from '../model/sending.js';
import { Icon, IconButton } from './icon.js';
import { gist } from './text.js';
import { attempt, dialog, editing, replyTo } from './ui.js';

const NEAR_LIMIT = 200;

export function Composer({ conversation }) {
  const { id } = conversation;
  const draftKey = `chat.draft.${myId.value}.${id}`;
  const field = useRef();
  const [text, setText] = useState(() => load(draftKey) || '');
  const most = limit('message_body_max', 4000);
  const reply = replyTo.value?.conversation_id === id ? replyTo.value : null;

  const write = (value) => {
    setText(value);
    if (value) save(draftKey, value);
    else forget(draftKey);
  };
  const onInput = (event) => {
    write(event.target.value);
    if (event.target.value) sayTyping(id);
  };
  const insert = (emoji) => {
    const { selectionStart: at, selectionEnd: to } = field.current;
    write(text.slice(0, at) + emoji + text.slice(to));
  };
  const pickEmoji = () => {
    field.current.focus(); // where the dialog puts the focus back to
    dialog.value = { name: 'emoji', pick: insert };
  };
  const send = () => {
    if (!text.trim() || text.length > most) return;
    attempt(async () => {
      submit(id, text.trim(), reply?.id || null);
      replyTo.value = null;
      write('');
    });
  };
  const onKeyDown = (event) => {
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      send();
    }
    if (event.key === 'Escape') replyTo.value = null;
    if (event.key === 'ArrowUp' && !text) editLast(event, id);
  };
  useLayoutEffect(() => { // as high as its text, up to the limit the style sets
    field.current.style.height = 'auto';
    field.current.style.height = `${field.current.scrollHeight}px`;
  }, [text]);
  useEffect(() => {
    if (matchMedia('(hover: hover)').matches) field.current.focus();
  }, [id]);

  return html`<form class="composer" onSubmit=${(event) => { event.preventDefault(); send(); }}>
    ${reply && html`<div class="replying"><${Icon} name="reply" /> <span>Replying to <b dir="auto">${nameOf(reply.sender_id)}</b></span>
      <span class="gist" dir="auto">${gist(reply)}</span>
      <${IconButton} icon="close" label="Do not reply" onClick=${() => (replyTo.value = null)} /></div>`}
    <div class="composer-box">
      <textarea id="composer" ref=${field} rows="1" dir="auto" value=${text} placeholder=${`Message ${isolated(titleOf(conversation))}`}
        aria-label=${`Message to ${isolated(titleOf(conversation))}`} aria-describedby="composer-hint" onInput=${onInput} onKeyDown=${onKeyDown}></textarea>
      <${IconButton} icon="smile" label="Insert an emoji" onClick=${pickEmoji} />
      <button type="submit" class="send" aria-label="Send" title="Send (Enter)" disabled=${!text.trim() || text.length > most}><${Icon} name="send" /></button>
    </div>
    <p class="composer-hint" id="composer-hint">${text.length > most - NEAR_LIMIT
      ? html`<span role="status" class=${text.length > most ? 'over' : ''}>${text.length} of ${most} characters</span>`
      : html`<span><kbd>Enter</kbd> sends · <kbd>Shift Enter</kbd> new line · *emphasis* **strong** \`code\`</span>`}</p>
  </form>`;
}

/** Arrow up in an empty field edits one's last message, as in other chats. */
function editLast(event, conversationId) {
  const mine = heldTimeline(conversationId)?.items.value
    .findLast((message) => message.kind === 'text' && message.sender_id === myId.value && !message.deleted_at);
  if (!mine) return;
  event.preventDefault();
  editing.value = mine.id;
}
