/** Keys that work the same everywhere. */

const INPUT_METHOD = 229;

/**
 * What an input method takes (the Enter that ends a composition, the arrows that choose in it) is not
 * meant for the page: it stops here, on its way down, before any handler. Safari ends the composition
 * first and tells by the key's code alone; the others say `isComposing`.
 */
export function leaveToInputMethod(event) {
  if (!event.isComposing && event.keyCode !== INPUT_METHOD) return;
  event.stopImmediatePropagation();
  if (event.key === 'Escape') event.preventDefault(); // the browser itself would close a dialog
}

const STEPS = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };

/**
 * Moves the focus among the elements of a selector with the arrow keys, Home and End.
 * @returns {boolean} whether the key was used
 */
export function moveFocus(event, selector) {
  const step = STEPS[event.key];
  const typingText = event.target.matches('input, textarea') && !event.key.startsWith('Arrow');
  if (!step || typingText || event.altKey || event.ctrlKey || event.metaKey) return false;
  const all = [...document.querySelectorAll(selector)].filter((element) => element.checkVisibility());
  const at = all.indexOf(event.target.closest(selector));
  const next = Math.min(all.length - 1, Math.max(0, at + step));
  if (!all[next]) return false;
  event.preventDefault();
  all[next].focus();
  return true;
}
