/** What the system behind says of itself: phase, capabilities, limits, links. */
import { signal } from '../lib.js';
import { exchange } from '../core/http.js';

/** @type {import('../lib.js').Signal<{phase?: number, title?: string, limits?: object, links?: object}>} */
export const system = signal({});

export async function loadSystem() {
  system.value = (await exchange('GET', '/system')).data;
}

export const limit = (name, otherwise) => system.value.limits?.[name] ?? otherwise;
