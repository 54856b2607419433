/** Reads out what others write in the open conversation. */
import { effect } from '../lib.js';
import { isolated } from '../core/harmless.js';
import { conversations } from '../model/conversations.js';
import { myId, nameOf } from '../model/people.js';
import { gist } from './text.js';
import { announcement, openId } from './ui.js';

export function announceNews() {
  let known = {};
  effect(() => {
    const { id, last_seq: seq, last_message: last } = conversations.value.get(openId.value) || {};
    const isNews = last && known.id === id && seq > known.seq && last.sender_id !== myId.value;
    known = { id, seq };
    if (isNews) announcement.value = last.kind === 'notice' ? gist(last) : `${isolated(nameOf(last.sender_id))}: ${gist(last)}`;
  });
}
