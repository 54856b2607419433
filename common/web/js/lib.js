/** The view library, in one place: Preact, its hooks, signals, and htm for markup without a build. */
import { h } from '../vendor/preact.js';
import htm from '../vendor/htm.js';

export const html = htm.bind(h);
export { render, Component, createRef } from '../vendor/preact.js';
export { useEffect, useLayoutEffect, useMemo, useRef, useState } from '../vendor/preact-hooks.js';
export { batch, computed, effect, signal, useSignal } from '../vendor/preact-signals.js';
