/** The messages of the open conversation: rows, scrolling, what is new, what has been read. */
import { html, useEffect, useLayoutEffect, useRef, useState } from '../lib.js';
import { session } from '../core/session.js';
import { markRead } from '../model/messages.js';
import { outbox } from '../model/outbox.js';
import { membersOf } from '../model/rooms.js';
import { myId } from '../model/people.js';
import { conversations, titleOf } from '../model/conversations.js';
import { Icon } from './icon.js';
import { moveFocus } from './keys.js';
import { Message, Pending } from './message.js';
import { ScrollKeeper } from './scroll.js';
import { dayName, plural, sameDay } from './text.js';
import { editing } from './ui.js';

const LOAD_AHEAD = 800;
const GROUP_MS = 5 * 60_000;
const FLASH_MS = 1600;

export function History({ conversation, timeline }) {
  const scroller = useRef();
  const content = useRef();
  const keeper = useRef();
  const target = useRef(null); // what to show once it is drawn: {seq, fromTop, flash}
  const [away, setAway] = useState(false);
  const [active, setActive] = useState(null);
  const [line, setLine] = useState(() => (conversation.last_seq > conversation.read_seq ? conversation.read_seq : null));
  const items = timeline.items.value;
  const { start, end } = timeline.edges.value;
  const pending = end || !timeline.isOpen ? pendingOf(conversation.id, items) : [];

  const see = () => markSeen(timeline, keeper.current, conversation.id);
  const onMove = ({ top, bottom, height }) => {
    timeline.pinned = bottom < LOAD_AHEAD / 8 && timeline.edges.value.end;
    setAway(bottom > height || !timeline.edges.value.end);
    if (timeline.items.value.length && top < LOAD_AHEAD) timeline.older();
    if (timeline.items.value.length && bottom < LOAD_AHEAD) timeline.newer();
    see();
  };
  const toNewest = async () => {
    if (!timeline.edges.value.end) await timeline.open();
    keeper.current.stuck = true;
    keeper.current.restore();
  };
  const jump = async (seq, options = { flash: true }) => {
    target.current = { seq, ...options };
    if (!timeline.holds(seq)) await timeline.open(seq);
    reveal();
  };
  const reveal = () => {
    const row = target.current && content.current.querySelector(`[data-seq="${target.current.seq}"]`);
    if (!row) return;
    keeper.current.reveal(row, target.current.fromTop);
    if (target.current.flash) flash(row);
    target.current = null;
  };

  useEffect(() => {
    keeper.current = new ScrollKeeper(scroller.current, content.current, { canStick: () => timeline.edges.value.end, onMove });
    if (line !== null) target.current = { seq: line + 1, fromTop: 80 };
    if (timeline.items.value.length && timeline.edges.value.end) reveal();
    else timeline.open();
    addEventListener('focus', see);
    document.addEventListener('visibilitychange', see);
    return () => {
      keeper.current.stop();
      removeEventListener('focus', see);
      document.removeEventListener('visibilitychange', see);
    };
  }, [timeline]);
  useLayoutEffect(() => {
    keeper.current?.restore();
    if (keeper.current) reveal();
  }, [items, pending.length, line]);
  useEffect(() => { // one's own send moves to the newest and ends what was new
    if (!pending.length && !outbox.value.some((entry) => entry.conversation_id === conversation.id)) return;
    setLine(null);
    toNewest();
  }, [outbox.value.findLast((entry) => entry.conversation_id === conversation.id)?.client_id]);
  useEffect(() => { // what comes while one is not looking is new when one is back
    const news = conversation.last_seq > conversation.read_seq && (line === null || line < conversation.read_seq);
    if (news && !looking()) setLine(conversation.read_seq);
  }, [conversation.last_seq]);

  const lineAbove = line !== null && items.length && line + 1 < items[0].seq;
  const keys = items.map((message) => message.client_id || message.id);
  const tabStop = keys.includes(active) ? active : keys.at(-1);
  const context = { timeline, jump, active, setActive, tabStop, marks: readMarks(conversation, items) };
  return html`<div class="history-frame">
    <div class="history" ref=${scroller} onKeyDown=${(event) => onKeys(event, setActive)}>
      <div class="history-content" ref=${content}>
        <${Top} conversation=${conversation} timeline=${timeline} start=${start} />
        <ol class="rows" aria-label="Messages" onMouseLeave=${() => setActive(focusedKey())}
            onFocusOut=${(event) => event.currentTarget.contains(event.relatedTarget) || setActive(null)}>
          ${rowsOf(items, pending, line).map((row) => html`<${Row} key=${row.key} row=${row} context=${context} />`)}
        </ol>
        ${timeline.busy.value === 'newer' && html`<p class="hint" role="status">Loading newer messages…</p>`}
      </div>
    </div>
    ${lineAbove && html`<button type="button" class="pill above" onClick=${() => jump(line + 1, { fromTop: 80 })}>
      ${plural(conversation.last_seq - line, 'new message')} · jump to the first</button>`}
    ${away && html`<button type="button" class="pill below" onClick=${toNewest}><${Icon} name="down" /> Jump to newest</button>`}
  </div>`;
}

const focusedKey = () => document.activeElement.closest('.message')?.dataset.key || null;
const looking = () => document.visibilityState === 'visible' && document.hasFocus();

function markSeen(timeline, keeper, id) {
  const conversation = conversations.value.get(id);
  if (!conversation || !looking() || !timeline.items.value.length || !session.value) return;
  const seen = keeper.stuck ? timeline.hi : keeper.lastSeen();
  if (seen > conversation.read_seq && seen <= conversation.last_seq) markRead(id, seen);
}

/** What waits in the outbox and is not among the messages yet. */
function pendingOf(conversationId, items) {
  const sent = new Set(items.slice(-60).map((message) => message.client_id));
  return outbox.value.filter((e) => e.conversation_id === conversationId && !sent.has(e.client_id));
}

/** Date lines, the "new messages" line, messages (grouped by sender), and what is on its way. */
function rowsOf(items, pending, line) {
  const rows = [];
  let last = null;
  for (const message of items) {
    const newDay = !last || !sameDay(last.created_at, message.created_at);
    if (newDay) rows.push({ kind: 'date', key: `d${message.seq}`, time: message.created_at });
    if (line !== null && message.seq === line + 1) rows.push({ kind: 'line', key: 'line' });
    const head = newDay || message.seq - 1 === line || !follows(last, message);
    rows.push({ kind: 'message', key: message.client_id || message.id, message, head });
    last = message;
  }
  for (const entry of pending) {
    const asMessage = { ...entry, kind: 'text', sender_id: myId.value };
    rows.push({ kind: 'pending', key: entry.client_id, entry, head: !last || !follows(last, asMessage) });
    last = asMessage;
  }
  return rows;
}

function follows(last, message) {
  return last.kind === 'text' && message.kind === 'text' && last.sender_id === message.sender_id && !message.reply_to
    && new Date(message.created_at) - new Date(last.created_at) < GROUP_MS;
}

/** seq -> ids of the others who have read exactly up to there. */
function readMarks(conversation, items) {
  const marks = new Map();
  const newest = items.at(-1)?.seq;
  membersOf(conversation.id).value?.forEach(({ user_id, read_seq }) => {
    if (user_id === myId.value || !read_seq) return;
    const seq = Math.min(read_seq, newest);
    marks.set(seq, [...(marks.get(seq) || []), user_id]);
  });
  return marks;
}

function Row({ row, context }) {
  if (row.kind === 'date') return html`<li class="date-line" data-row><span>${dayName(row.time)}</span></li>`;
  if (row.kind === 'line') return html`<li class="new-line" data-row><span>New messages</span></li>`;
  if (row.kind === 'pending') return html`<${Pending} entry=${row.entry} head=${row.head} />`;
  return html`<${Message} message=${row.message} head=${row.head} context=${context} />`;
}

function Top({ conversation, timeline, start }) {
  const problem = timeline.problem.value;
  if (problem) {
    return html`<div class="empty" role="alert"><p>${problem.words}</p>
      <button type="button" onClick=${() => (timeline.items.value.length ? timeline.older() : timeline.open())}>Try again</button></div>`;
  }
  if (!start) return html`<p class="hint loading" role="status">Loading messages…</p>`;
  return html`<div class="beginning"><h2 dir="auto">${titleOf(conversation)}</h2>
    <p>This is where ${conversation.kind === 'group' ? 'the group' : 'your conversation'} begins.</p></div>`;
}

/** Arrow keys go from message to message; the first one down comes from the newest. */
function onKeys(event, setActive) {
  if (event.target.matches('textarea, input') || editing.value) return;
  if (moveFocus(event, '.rows .message')) setActive(focusedKey());
}

function flash(row) {
  row.classList.add('flash');
  setTimeout(() => row.classList.remove('flash'), FLASH_MS);
}
