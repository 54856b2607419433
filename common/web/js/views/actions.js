/** Steps that several views offer. */
import { createConversation } from '../model/conversations.js';
import { attempt, dialog, go } from './ui.js';

export function startDirect(userId) {
  return attempt(async () => {
    const { id } = await createConversation({ kind: 'direct', member_ids: [userId] });
    dialog.value = null;
    go(id);
  });
}
