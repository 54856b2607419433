/** What takes longer than a request: exporting what the account holds, and deleting the account. */
import * as api from '../core/api.js';
import { problemFrom } from '../core/problem.js';
import { accessToken } from '../core/session.js';
import { system } from './system.js';

const REVOKE_AFTER_MS = 60_000;

export const hasJobs = () => system.value.capabilities?.includes('jobs') || false;
export const askForExport = () => api.post('/jobs', { kind: 'export' });
export const askForDeletion = (password) => api.post('/jobs', { kind: 'deletion', password });
export const readJob = (id) => api.get(`/jobs/${id}`);
/** The last export, if there is one. */
export const lastExport = async () => (await api.get('/jobs')).items.find(({ kind }) => kind === 'export') || null;

/** Saves an export as a file: a link by itself could not carry the token. */
export async function saveExport(id) {
  const headers = { Authorization: `Bearer ${await accessToken()}` };
  const response = await fetch(`/api/v1/jobs/${id}/download`, { headers });
  if (!response.ok) throw problemFrom(response, await response.json(), response.headers.get('X-Request-ID') || '');
  const link = document.createElement('a');
  link.href = URL.createObjectURL(await response.blob());
  link.download = 'chat-export.jsonl';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), REVOKE_AFTER_MS);
}
