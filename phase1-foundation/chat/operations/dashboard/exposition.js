/** Reads Prometheus's text format (version 0.0.4), as far as prometheus_client writes it. */

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;
const ESCAPED = { n: '\n', '\\': '\\', '"': '"' };

/** Returns name → (labels as written → {labels, value}). */
export function parse(text) {
  const metrics = new Map();
  for (const line of text.split('\n')) {
    const found = line.startsWith('#') ? null : SAMPLE.exec(line);
    if (!found) continue;
    const [, name, written = '', value] = found;
    if (!metrics.has(name)) metrics.set(name, new Map());
    metrics.get(name).set(written, { labels: labelsOf(written), value: numberOf(value) });
  }
  return metrics;
}

function labelsOf(written) {
  const labels = {};
  for (const [, name, value] of written.matchAll(LABEL)) {
    labels[name] = value.replace(/\\(.)/g, (_, one) => ESCAPED[one] ?? one);
  }
  return labels;
}

export function numberOf(word) {
  return word === '+Inf' ? Infinity : word === '-Inf' ? -Infinity : Number(word);
}
