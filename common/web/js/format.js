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
  fragment.querySelectorAll('a').forEach(tellWhereItLeads);
  fragment.querySelectorAll('p').forEach((paragraph) => (paragraph.dir = 'auto'));
  return fragment;
}

const STEERS = /\p{Bidi_Control}/u;
const UNSEEN = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/u;
const LOOKS_LIKE_ADDRESS = /:\/\/|^\s*www\.|[\p{L}\p{N}]\.\p{L}{2,}/iu;

/**
 * An address that says plainly where it leads stays as it was written. Whatever could be taken for
 * another address is replaced by the real one, in ASCII as a request would have it; after any other
 * words the host is named.
 */
function tellWhereItLeads(link) {
  Object.assign(link, { target: '_blank', rel: 'noopener noreferrer nofollow', dir: 'ltr' });
  const text = link.textContent;
  const url = addressOf(link.href);
  if (!url) return void link.replaceWith(...link.childNodes);
  if (saysPlainly(text, url)) return;
  url.username = url.password = '';
  if (!text.trim() || STEERS.test(text) || LOOKS_LIKE_ADDRESS.test(text)) {
    link.textContent = url.href;
    return;
  }
  const place = document.createElement('small');
  place.textContent = ` (${url.host || url.pathname})`;
  const words = document.createElement('bdi');
  words.append(...link.childNodes);
  link.append(words, place);
}

function saysPlainly(text, url) {
  const plain = !UNSEEN.test(text) && !url.username && !url.password && !url.hostname.includes('xn--');
  return plain && ['', 'http://', 'mailto:'].some((start) => addressOf(start + text)?.href === url.href);
}

function addressOf(text) {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

/** @returns {DocumentFragment} */
export function formatLesson(markdown) {
  return DOMPurify.sanitize(lesson.parse(markdown), LESSON_TAGS);
}
