/**
 * One conversation's messages, as far as they are held: a window without gaps on the sequence
 * numbers lo…hi, so that a conversation of a million messages needs no more memory than one of 300.
 *
 * Two numbers keep it true. `rev`: every change up to this revision is in the window. `head`: the
 * highest revision heard of. Whenever rev < head something was missed, and /changes brings it.
 * Events are hints: lost, doubled or out of order they only cost one more such request.
 *
 * @typedef {{id: string, conversation_id: string, seq: number, rev: number, kind: 'text'|'notice',
 *            sender_id: string, client_id: string|null, body: string|null, reply_to: string|null,
 *            notice: object|null, reactions: {emoji: string, user_ids: string[]}[],
 *            created_at: string, edited_at: string|null, deleted_at: string|null}} Message
 */
import { batch, signal } from '../lib.js';
import * as api from '../core/api.js';
import { noteOrigin } from '../core/trace.js';

const PAGE = 50;
const HELD = 250;
const TOO_FAR_BEHIND = 1000;
const SETTLE_MS = 250;

export class Timeline {
  constructor(conversationId) {
    this.path = `/conversations/${conversationId}`;
    this.rev = 0;
    this.head = 0;
    this.lo = 1;
    this.ahead = new Map(); // messages that came before their predecessors, by seq
    this.pinned = true; // the view is at the newest message
    /** @type {import('../lib.js').Signal<Message[]>} */
    this.items = signal([]);
    /** start: seq 1 is held; end: the newest is held and new ones are appended. */
    this.edges = signal({ start: false, end: false });
    this.busy = signal(''); // '' | 'open' | 'older' | 'newer'
    this.problem = signal(null);
  }

  get hi() {
    return this.lo + this.items.value.length - 1;
  }

  get isOpen() {
    return this.items.value.length > 0 || this.edges.value.end;
  }

  holds(seq) {
    return seq >= this.lo && seq <= this.hi;
  }

  find(messageId) {
    return this.items.value.find((message) => message.id === messageId);
  }

  /** Shows the newest page, or the one around a sequence number. */
  open(seq = null) {
    return this.#load('open', seq ? { before: seq + PAGE / 2 } : {}, (page) => {
      this.ahead.clear();
      this.lo = page.items[0]?.seq ?? page.last_seq + 1;
      this.rev = page.rev;
      this.#show(page.items, reaches(page));
    });
  }

  older() {
    if (this.edges.value.start || this.busy.value) return undefined;
    return this.#load('older', { before: this.lo }, (page) => {
      if (page.items.at(-1)?.seq !== this.lo - 1) return;
      const end = this.edges.value.end && this.items.value.length + page.items.length <= HELD;
      this.lo = page.items[0].seq;
      this.#show([...page.items, ...this.items.value].slice(0, HELD), end);
    });
  }

  newer() {
    if (this.edges.value.end || this.busy.value) return undefined;
    return this.#load('newer', { after: this.hi }, (page) => {
      if (page.items.length && page.items[0].seq !== this.hi + 1) return;
      this.#show(this.#lastOf([...this.items.value, ...page.items]), reaches(page));
    });
  }

  /** Brings in one message from an answer or an event, in the state of its rev. */
  accept(message) {
    this.#merge([message]);
    this.#heard(message.rev, message.rev === this.rev + 1);
  }

  /** Brings in a reaction event, which tells only what changed. */
  react({ rev, type, data: { seq, emoji, user_id } }) {
    const next = rev === this.rev + 1;
    const message = this.holds(seq) && this.items.value[seq - this.lo];
    if (next && message && message.rev < rev) {
      const reactions = withReaction(message.reactions, emoji, user_id, type === 'reaction.added');
      this.#merge([{ ...message, rev, reactions }]);
    }
    this.#heard(rev, next);
  }

  /** Takes note of a revision that exists; fetches what is missing once things have settled. */
  #heard(rev, applied) {
    if (applied) this.rev = rev;
    this.head = Math.max(this.head, rev);
    if (this.rev < this.head) this.settling ??= setTimeout(() => this.catchUp(), SETTLE_MS);
  }

  heardOf(rev) {
    this.#heard(rev, false);
  }

  /** Fetches every change since `rev`, edits and removals included; opens again what failed to open. */
  async catchUp() {
    clearTimeout(this.settling);
    this.settling = null;
    if (!this.isOpen) return void (this.problem.value && this.open());
    if (this.catching || this.rev >= this.head) return;
    if (this.head - this.rev > TOO_FAR_BEHIND) return void this.open(this.edges.value.end ? null : this.lo);
    this.catching = true;
    try {
      for (let more = true; more; ) {
        const { data: page, requestId } = await api.getTraced(`${this.path}/changes`, { after: this.rev, limit: 100 });
        this.#merge(page.items);
        page.items.forEach(({ id }) => noteOrigin(id, requestId, 'catch-up'));
        this.rev = Math.max(this.rev, page.next_after);
        this.head = Math.max(this.head, page.rev);
        more = page.has_more;
      }
    } catch {
      // The next event, reconnect or sweep asks again; the banner already tells of the trouble.
    }
    this.catching = false;
  }

  async #load(kind, query, use) {
    this.busy.value = kind;
    this.problem.value = null;
    try {
      const { data: page, requestId } = await api.getTraced(`${this.path}/messages`, { ...query, limit: PAGE });
      page.items.forEach(({ id }) => noteOrigin(id, requestId, 'page'));
      batch(() => {
        use(page);
        this.busy.value = '';
      });
      this.rev = Math.min(this.rev, page.rev); // the page may be older than events already applied
      this.#heard(page.rev, false);
    } catch (problem) {
      this.busy.value = '';
      this.problem.value = problem;
    }
  }

  #merge(messages) {
    const items = this.items.value.slice();
    for (const message of messages) {
      const held = items[message.seq - this.lo] || this.ahead.get(message.seq);
      if (held && held.rev > message.rev) continue;
      if (message.seq >= this.lo && message.seq < this.lo + items.length) items[message.seq - this.lo] = message;
      else if (this.edges.value.end && message.seq > this.hi) this.ahead.set(message.seq, message);
    }
    for (let seq = this.lo + items.length; this.ahead.has(seq); seq += 1) {
      items.push(this.ahead.get(seq));
      this.ahead.delete(seq);
    }
    const end = this.edges.value.end;
    if (this.pinned) this.#show(this.#lastOf(items), end);
    else this.#show(items.slice(0, 2 * HELD), end && items.length <= 2 * HELD);
  }

  /** Keeps the newest HELD of these messages. */
  #lastOf(items) {
    const extra = Math.max(0, items.length - HELD);
    this.lo += extra;
    return items.slice(extra);
  }

  #show(items, end) {
    batch(() => {
      this.items.value = items;
      this.edges.value = { start: this.lo <= 1, end };
    });
  }
}

const reaches = ({ items, last_seq }) => !items.length || items.at(-1).seq >= last_seq;

function withReaction(reactions, emoji, userId, added) {
  const others = (ids) => ids.filter((id) => id !== userId);
  const next = reactions.map((r) => (r.emoji === emoji ? { emoji, user_ids: others(r.user_ids) } : r));
  const mine = next.find((r) => r.emoji === emoji);
  if (added && mine) mine.user_ids.push(userId);
  else if (added) next.push({ emoji, user_ids: [userId] });
  return next.filter((r) => r.user_ids.length);
}
