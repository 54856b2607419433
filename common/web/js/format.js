/**
 * Text of a person into markup: links, code and emphasis, nothing else. Loaded when the first
 * message needs it. marked reads the text; DOMPurify, and only it, turns HTML into nodes, so the
 * page's policy can require Trusted Types.
 */
import { Marked } from '../vendor/marked.js';
import '../vendor/dompurify.js';


const nothing = () => undefined;

/** Blocks of a document have no place in a message: "1. no" stays "1. no". */
const message = new Marked({
  breaks: true,
  tokenizer: {
    heading: nothing, lheading: nothing, hr: nothing, blockquote: nothing, list: nothing, html: nothing,
    def: nothing, table: nothing, code: nothing, tag: nothing, reflink: nothing,
  },
});
const lesson = new Marked({ gfm: true });

const SAFE = { RETURN_DOM_FRAGMENT: true, ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|[/#]|[\w.-]+(?:\/|$|#|\.))/i };
const MESSAGE_TAGS = { ...SAFE, ALLOWED_TAGS: ['p', 'br', 'a', 'code', 'pre', 'em', 'strong', 'del'], ALLOWED_ATTR: ['href'] };
const LESSON_TAGS = { ...SAFE, USE_PROFILES: { html: true }, FORBID_TAGS: ['style', 'form', 'input', 'button'], FORBID_ATTR: ['style'] };

/** @returns {DocumentFragment} */
export function formatMessage(text) {
  const fragment = DOMPurify.sanitize(message.parse(text), MESSAGE_TAGS);
  fragment.querySelectorAll('a').forEach((link) => {
    Object.assign(link, { target: '_blank', rel: 'noopener noreferrer nofollow' });
  });
  fragment.querySelectorAll('p').forEach((paragraph) => (paragraph.dir = 'auto'));
  return fragment;
}

/** @returns {DocumentFragment} */
export function formatLesson(markdown) {
  return DOMPurify.sanitize(lesson.parse(markdown), LESSON_TAGS);
}
