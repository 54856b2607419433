/** The view library, in one place: Preact, its hooks, signals, and htm for markup without a build. */
import { h } from '../vendor/preact.js';
import htm from '../vendor/htm.js';

export const html = htm.bind(h);
export { render } from '../vendor/preact.js';
export { useEffect, useLayoutEffect, useRef, useState } from '../vendor/preact-hooks.js';
export { batch, computed, effect, signal } from '../vendor/preact-signals.js';
