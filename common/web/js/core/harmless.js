/**
 * Names of people and groups, made fit to stand among other words. Text can turn the direction of
 * what follows it, or show nothing at all; the server refuses most of that, and nothing here relies
 * on it. What counts is what Unicode says of a character, not a list of them.
 */
const STEERS = /[\p{Bidi_Control}\p{Cc}\p{Zl}\p{Zp}]/gu;
const SEEN = /[^\p{C}\p{Z}\p{M}\p{Default_Ignorable_Code_Point}]/u;

/** A name on one line, without what steers the direction of text; '' if nobody would see it. */
export function plain(name) {
  const text = (name || '').normalize().replace(STEERS, '').trim();
  return SEEN.test(text) ? text : '';
}

/** For sentences, labels and titles: between FSI and PDI a name's direction ends with it (UAX 9). */
export const isolated = (text) => `\u2068${text.replace(STEERS, ' ')}\u2069`;
