/** One HTTP exchange with the API: JSON in and out, problems as exceptions, every request traced. */
import { signal } from '../lib.js';
import { Problem, problemFrom } from './problem.js';
import { noteRequest } from './trace.js';

const BASE = '/api/v1';
const PATIENCE = 20_000;

/** The last passing trouble that the whole system had: {problem, until: ms since 1970}, or null. */
export const trouble = signal(null);

/**
 * @param {string} method
 * @param {string} path  below /api/v1
 * @param {{query?: object, body?: object, token?: string}} [options]
 * @returns {Promise<{data: any, status: number, requestId: string}>} data is null for an empty answer
 * @throws {Problem}
 */
export async function exchange(method, path, { query, body, token } = {}) {
  const start = performance.now();
  let response, text;
  try {
    response = await fetch(BASE + path + queryString(query), {
      method,
      headers: {
        ...(body && { 'Content-Type': 'application/json' }),
        ...(token && { Authorization: `Bearer ${token}` }),
      },
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(PATIENCE),
    });
    text = await response.text();
  } catch {
    noteRequest(method, path, start, 0, '', '');
    throw noted(new Problem({ slug: 'network' }));
  }
  const requestId = response.headers.get('X-Request-ID') || '';
  noteRequest(method, path, start, response.status, requestId, response.headers.get('Server-Timing'));
  if (!response.ok) throw noted(problemFrom(response, parsed(text), requestId));
  if (trouble.value?.problem.status === 0) trouble.value = null;
  return { data: parsed(text), status: response.status, requestId };
}

function queryString(query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
  return given.length ? `?${new URLSearchParams(given)}` : '';
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Lets the banner tell about a server that is away or asks for patience. */
function noted(problem) {
  const patience = problem.status === 429 || problem.status === 503;
  if (patience || problem.status === 0) {
    trouble.value = { problem, until: Date.now() + (problem.retryAfter || 5) * 1000 };
  }
  return problem;
}
