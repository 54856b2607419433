/** The text of a message. Plain text is shown at once; the formatter is loaded for the first that needs it. */
import { html, useLayoutEffect, useRef } from '../lib.js';
import { insist } from '../core/wait.js';

const MAYBE_MARKUP = /[*_`~\\<]|https?:|www\.|\w@\w/;
const ONLY_EMOJI = /^(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F?|\p{Emoji_Modifier}|\u200d|\s){1,12}$/u;

let formatMessage = null;

export function Body({ text }) {
  const element = useRef();
  useLayoutEffect(() => {
    if (!MAYBE_MARKUP.test(text)) return undefined;
    let shown = true;
    const show = () => shown && element.current.replaceChildren(formatMessage(text));
    if (formatMessage) show();
    else insist(() => import('../format.js')).then((module) => { formatMessage = module.formatMessage; show(); });
    return () => (shown = false);
  }, [text]);
  const size = ONLY_EMOJI.test(text) ? 'body jumbo' : 'body';
  return html`<div key=${text} ref=${element} class=${size} dir="auto">${text}</div>`;
}
