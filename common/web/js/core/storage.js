/** JSON in localStorage, which every tab of this origin shares. */

/** @returns {any} what was saved under the key, or null */
export function load(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

export function save(key, value) {
  localStorage.setItem(key, JSON.stringify(value));
}

export function forget(key) {
  localStorage.removeItem(key);
}

/** Every value whose key starts with the prefix, in the order of the keys. */
export function loadAll(prefix) {
  return keysWith(prefix).sort().map(load).filter(Boolean);
}

export function forgetAll(prefix) {
  keysWith(prefix).forEach(forget);
}

function keysWith(prefix) {
  return Object.keys(localStorage).filter((key) => key.startsWith(prefix));
}

/** Runs `work` in one tab at a time. Web Locks need a secure context; without one, tabs just race. */
export function inOneTab(name, work) {
  return navigator.locks ? navigator.locks.request(name, work) : work();
}
