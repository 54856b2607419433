/** What went wrong, as the server's problem document (RFC 9457) or the lack of any answer says. */

/** How a problem is put to a person. What is not here is shown in the server's own words. */
const KIND_WORDS = {
  network: 'The server cannot be reached.',
  'invalid-credentials': 'This username and password do not go together.',
  'username-taken': 'Someone already has this username. Pick another one.',
  'rate-limited': 'That was a lot at once.',
  overloaded: 'The system is very busy.',
  busy: 'The system is very busy.',
  'read-only': 'The system only allows reading for the moment.',
  'not-ready': 'The system is starting.',
  'storage-full': 'The system has no room left to save anything.',
  'origin-refused': 'The server does not take this page for its own.',
  'internal-error': 'Something broke on the server. It was not your doing.',
  'not-found': 'This does not exist, or you are not part of it.',
  forbidden: 'Your role here does not allow this.',
  'message-deleted': 'This message has been deleted meanwhile.',
  'too-many-reactions': 'This message has as many different reactions as it can hold.',
  'group-full': 'This group has as many members as it can hold.',
};

export class Problem extends Error {
  /** @param {{slug: string, status?: number, detail?: string, title?: string, requestId?: string,
   *           retryAfter?: number, errors?: {field: string, message: string}[]}} what */
  constructor({ slug, status = 0, detail = '', title = '', requestId = '', retryAfter = 0, errors = [] }) {
    super(KIND_WORDS[slug] || detail || title || `The server answered ${status}.`);
    Object.assign(this, { slug, status, detail, requestId, retryAfter, errors });
  }

  /** True when the same request may well succeed later. */
  get passing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }

  /** The sentence for a person, with when to try again where the server said so. */
  get words() {
    const fields = this.errors.map((error) => error.message).join(' ');
    const when = this.retryAfter ? ` Try again in ${this.retryAfter} s.` : '';
    return (fields || this.message) + when;
  }

  /** What the server said about one field, for showing beside it. */
  about(field) {
    return this.errors.filter((error) => error.field === field).map((error) => error.message).join(' ');
  }
}

/** Reads a failed answer. Anything that is no problem document (a proxy's page) still becomes one. */
export function problemFrom(response, document, requestId) {
  const fromHeader = Number(response.headers.get('Retry-After')) || 0;
  return new Problem({
    slug: String(document?.type || '').split('#')[1] || `http-${response.status}`,
    status: response.status,
    title: document?.title,
    detail: document?.detail,
    errors: document?.errors,
    retryAfter: Math.ceil(document?.retry_after || fromHeader),
    requestId,
  });
}
