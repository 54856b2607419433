/** Waiting: how long before the next try, and being woken early when the network is back. */

const LONGEST = 30_000;
const wakers = new Set();

/**
 * Milliseconds before try number `attempt` + 1: exponential with full jitter, so that a thousand
 * clients do not come back in the same instant ("Exponential Backoff And Jitter", AWS, 2015), and
 * never sooner than the server asked.
 */
export function backoff(attempt, retryAfterSeconds = 0) {
  const ceiling = Math.min(LONGEST, 500 * 2 ** attempt);
  return Math.max(retryAfterSeconds * 1000, ceiling / 4 + Math.random() * ceiling * 0.75);
}

/** Resolves after `ms`, or as soon as wake() is called. */
export function pause(ms) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      wakers.delete(done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    wakers.add(done);
  });
}

/** Does something until it works, such as loading a module while the server may be away. */
export async function insist(work) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work();
    } catch {
      await pause(backoff(attempt));
    }
  }
}

/** Ends every pause: there is reason to believe that trying now will work. */
export function wake() {
  [...wakers].forEach((done) => done());
}

addEventListener('online', wake);
