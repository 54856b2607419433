/** Values by id, read from the API in batches: asking for fifty names in one render is one request. */
import { signal } from '../lib.js';
import { pause } from './wait.js';

const BATCH = 100;
const GATHER_MS = 15;
const AGAIN_MS = 5000;

/**
 * @template T
 * @param {(ids: string[]) => Promise<[string, T][]>} read  reads at most 100 of them
 */
export function lookup(read) {
  const known = new Map();
  const readAt = new Map();
  let wanted = new Set();

  /** @returns {import('../lib.js').Signal<T|null>} null until it has been read */
  function of(id) {
    if (!known.has(id)) {
      known.set(id, signal(null));
      want(id);
    }
    return known.get(id);
  }

  function set(id, value) {
    readAt.set(id, Date.now());
    if (known.has(id)) known.get(id).value = value;
    else known.set(id, signal(value));
  }

  /** Reads again what is known and older than `age` ms (of these ids, or of all). */
  function freshen(age, ids = [...known.keys()]) {
    const stale = Date.now() - age;
    ids.filter((id) => known.has(id) && (readAt.get(id) || 0) <= stale).forEach(want);
  }

  function want(id) {
    if (!wanted.size) setTimeout(flush, GATHER_MS);
    wanted.add(id);
  }

  async function flush() {
    const ids = [...wanted];
    wanted = new Set();
    for (let i = 0; i < ids.length; i += BATCH) {
      const some = ids.slice(i, i + BATCH);
      try {
        (await read(some)).forEach(([id, value]) => set(id, value));
      } catch (problem) {
        if (problem.passing) pause(AGAIN_MS).then(() => some.forEach(want));
      }
    }
  }

  return { of, set, freshen };
}
