/** Views that the first paint does not need are loaded when they are first shown. */
import { html, useEffect, useState } from '../lib.js';
import { insist } from '../core/wait.js';

/** @param {() => Promise<Function>} load  imports a module and picks the component */
export function lazy(load) {
  let Loaded = null;
  return function Lazy(props) {
    const [, redraw] = useState(false);
    useEffect(() => {
      if (!Loaded) insist(load).then((component) => { Loaded = component; redraw(true); });
    }, []);
    return Loaded && html`<${Loaded} ...${props} />`;
  };
}
